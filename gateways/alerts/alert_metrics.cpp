#include "gateways/alerts/alert_metrics.hpp"

#include "gateways/http/gauge_family.hpp"

#include <prometheus/collectable.h>

namespace tt::gateway {

namespace {

class alert_metrics final : public prometheus::Collectable {
public:
  explicit alert_metrics(std::function<alert_reading()> read) : read_(std::move(read)) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    const auto now = read_();
    std::vector<prometheus::MetricFamily> out;
    auto alerts = gauge_family("tt_alerts", "Price alerts by state");
    for (std::size_t i = 0; i < now.alerts.size(); ++i)
      add_gauge(alerts, static_cast<double>(now.alerts[i]), {{"state", std::string(to_string(static_cast<alerts::alert_status>(i)))}});
    out.push_back(std::move(alerts));
    add_counter(out, "tt_alert_triggers_total", "Triggers of price alerts", now.triggers);
    add_counter(out, "tt_alert_orders_total", "Orders of alerts that accounts took or refused", now.orders);
    add_counter(out, "tt_alert_orders_failed_total", "Orders of alerts that could not be made", now.orders_failed);
    add_counter(out, "tt_alert_notices_total", "Notices of alerts that were delivered", now.notices);
    add_counter(out, "tt_alert_notices_failed_total", "Notices of alerts that could not be delivered", now.notices_failed);
    add_counter(out, "tt_alert_dropped_quotes_total", "Quotes that alerts did not look at, for want of time", now.dropped_quotes);
    add_counter(out, "tt_alert_store_failures_total", "Commits that the store of alerts refused", now.store_failures);
    return out;
  }

private:
  std::function<alert_reading()> read_;
};

} // namespace

std::shared_ptr<prometheus::Collectable> make_alert_metrics(std::function<alert_reading()> read) {
  return std::make_shared<alert_metrics>(std::move(read));
}

} // namespace tt::gateway
