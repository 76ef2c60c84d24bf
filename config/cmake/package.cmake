# What is installed, and the Debian package (`./tt package`, or `cpack -G DEB` in a
# build folder that was configured with -DTT_PACKAGE=ON after the UI was built).
include(GNUInstallDirs)
set(tt_share "${CMAKE_INSTALL_DATADIR}/traderterminal")
set(tt_web "${CMAKE_SOURCE_DIR}/ui-bridge/web/dist")
set(tt_desktop_share "${CMAKE_SOURCE_DIR}/ui-bridge/desktop/share")
if(NOT EXISTS "${tt_web}/index.html")
  message(FATAL_ERROR "the UI is not built: run `npm ci && npm run build` in ui-bridge/web first")
endif()

# The service's configuration: the shipped one with the places of an installed system.
function(tt_service_config out)
  file(READ "${CMAKE_SOURCE_DIR}/config/trader.yaml" text)
  foreach(change IN ITEMS
      "data_dir: data/|data_dir: /var/lib/trader"
      "instruments: config/instruments.yaml|instruments: /usr/share/traderterminal/config/instruments.yaml"
      "web_root: ui-bridge/web/dist|web_root: /usr/share/traderterminal/web")
    string(REPLACE "|" ";" pair "${change}")
    list(GET pair 0 from)
    list(GET pair 1 to)
    string(FIND "${text}" "${from}" at)
    if(at EQUAL -1)
      message(FATAL_ERROR "config/trader.yaml has no line `${from}` any more: config/cmake/package.cmake must follow it")
    endif()
    string(REPLACE "${from}" "${to}" text "${text}")
  endforeach()
  file(WRITE "${out}" "${text}")
endfunction()
tt_service_config("${CMAKE_BINARY_DIR}/package/trader.yaml")

install(TARGETS tt tt-desktop RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY "${tt_web}/" DESTINATION ${tt_share}/web PATTERN ".tt-stamp" EXCLUDE)
install(FILES "${CMAKE_SOURCE_DIR}/config/trader.yaml" "${CMAKE_SOURCE_DIR}/config/instruments.yaml" DESTINATION ${tt_share}/config)
install(FILES "${CMAKE_BINARY_DIR}/package/trader.yaml" DESTINATION /etc/traderterminal)
set(tt_units trader-datahub.service trader-kairos.service trader-kairos@.service trader-kairos@.timer)
foreach(unit IN LISTS tt_units)
  install(FILES "${CMAKE_SOURCE_DIR}/config/systemd/${unit}" DESTINATION lib/systemd/system)
  install(FILES "${CMAKE_SOURCE_DIR}/config/systemd/user/${unit}" DESTINATION lib/systemd/user)
endforeach()
install(FILES "${tt_desktop_share}/traderterminal.desktop" DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
install(FILES "${tt_desktop_share}/io.github.traderterminal.metainfo.xml" DESTINATION ${CMAKE_INSTALL_DATADIR}/metainfo)
install(FILES "${tt_desktop_share}/traderterminal.svg" DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps)
install(FILES "${CMAKE_SOURCE_DIR}/README.md" DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/traderterminal)
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/traderterminal RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME traderterminal)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "TraderTerminal maintainers <traderterminal@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "self-hosted trading terminal and execution cluster")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Market data, charts, Pine Script, backtests and orders on one machine or
many: the program tt, the web UI it serves, a desktop shell around the
page (an installed Chromium), and a systemd unit that is not enabled.")
set(CPACK_DEBIAN_PACKAGE_SECTION misc)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, tzdata, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "chromium | google-chrome-stable, libnotify-bin")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${CMAKE_SOURCE_DIR}/config/debian/postinst" "${CMAKE_SOURCE_DIR}/config/debian/prerm"
  "${CMAKE_SOURCE_DIR}/config/debian/postrm" "${CMAKE_SOURCE_DIR}/config/debian/conffiles")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
