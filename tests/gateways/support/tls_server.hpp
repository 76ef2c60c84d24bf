#pragma once

// A server of https on a port of its own, with a certificate of a test's own authority.

#include "tests/support/temporary_folder.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tt::test {

/// An authority and the certificates that it signs. Keys are of the P-256 curve.
class test_authority {
public:
  struct pair {
    std::string certificate, key; ///< PEM
  };

  test_authority() : key_(make_key()) {
    certificate_ = make("Test authority", key_, key_, nullptr, {{NID_basic_constraints, "critical,CA:TRUE"}});
  }
  /// For the names and addresses of `names` ("DNS:a.test,IP:127.0.0.1").
  [[nodiscard]] pair issue(const std::string& names) const {
    const auto key = make_key();
    const auto made = make("Test server", key, key_, certificate_.get(), {{NID_subject_alt_name, names}});
    return {pem(made.get()), pem(key.get())};
  }
  [[nodiscard]] std::string certificate() const { return pem(certificate_.get()); }

private:
  using key_pointer = std::shared_ptr<EVP_PKEY>;
  using certificate_pointer = std::shared_ptr<X509>;
  struct extension {
    int kind;
    std::string value;
  };

  static key_pointer make_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }
  static certificate_pointer make(const char* name, const key_pointer& of, const key_pointer& signer, X509* issuer, const std::vector<extension>& extensions) {
    static std::atomic<long> serial{1};
    certificate_pointer out{X509_new(), X509_free};
    X509_set_version(out.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(out.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(out.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(out.get()), 24 * 3600);
    X509_set_pubkey(out.get(), of.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(out.get(), X509_get_subject_name(issuer ? issuer : out.get()));
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer ? issuer : out.get(), out.get(), nullptr, nullptr, 0);
    for (const auto& [kind, value] : extensions) {
      auto* made = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
      X509_add_ext(out.get(), made, -1);
      X509_EXTENSION_free(made);
    }
    X509_sign(out.get(), signer.get(), EVP_sha256());
    return out;
  }
  template <class Write>
  static std::string text_of(Write write) {
    std::unique_ptr<BIO, int (*)(BIO*)> memory{BIO_new(BIO_s_mem()), BIO_free};
    write(memory.get());
    char* data = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }
  static std::string pem(X509* of) {
    return text_of([&](BIO* to) { PEM_write_bio_X509(to, of); });
  }
  static std::string pem(EVP_PKEY* of) {
    return text_of([&](BIO* to) { PEM_write_bio_PrivateKey(to, of, nullptr, nullptr, 0, nullptr, nullptr); });
  }

  key_pointer key_;
  certificate_pointer certificate_;
};

/// Serves one request per connection, one connection at a time.
class tls_server {
public:
  using request = boost::beast::http::request<boost::beast::http::string_body>;
  using response = boost::beast::http::response<boost::beast::http::string_body>;
  using answerer = std::function<response(const request&)>;

  tls_server(const test_authority::pair& identity, answerer answer) : answer_(std::move(answer)) {
    tls_.use_certificate_chain(boost::asio::buffer(identity.certificate));
    tls_.use_private_key(boost::asio::buffer(identity.key), boost::asio::ssl::context::pem);
    thread_ = std::thread([this] { serve(); });
  }
  ~tls_server() {
    stopping_ = true;
    boost::system::error_code ignored;
    boost::asio::ip::tcp::socket knock{io_}; // wakes accept()
    knock.connect({boost::asio::ip::address_v4::loopback(), port()}, ignored);
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] std::vector<request> requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
  }
  /// Waits until so many requests have come; false after ten seconds.
  bool wait_for(std::size_t count) const {
    std::unique_lock lock{mutex_};
    return arrived_.wait_for(lock, std::chrono::seconds{10}, [&] { return requests_.size() >= count; });
  }
  static response say(unsigned status, const std::string& body = {}) {
    response out{static_cast<boost::beast::http::status>(status), 11};
    out.body() = body;
    out.prepare_payload();
    return out;
  }

private:
  void serve() {
    while (!stopping_) {
      boost::system::error_code failed;
      boost::beast::ssl_stream<boost::asio::ip::tcp::socket> stream{io_, tls_};
      acceptor_.accept(stream.next_layer(), failed);
      if (failed || stopping_) continue;
      stream.handshake(boost::asio::ssl::stream_base::server, failed);
      if (failed) continue;
      boost::beast::flat_buffer buffer;
      request asked;
      boost::beast::http::read(stream, buffer, asked, failed);
      if (failed) continue;
      const auto said = answer_(asked);
      { // noted before the client can know of it
        const std::lock_guard lock{mutex_};
        requests_.push_back(std::move(asked));
      }
      arrived_.notify_all();
      boost::beast::http::write(stream, said, failed);
    }
  }

  boost::asio::io_context io_;
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
  boost::asio::ip::tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  answerer answer_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  std::vector<request> requests_;
  std::thread thread_;
};

} // namespace tt::test
