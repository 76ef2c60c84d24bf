#include "gateways/http/schema.hpp"

#include "gateways/json/json_writer.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace tt::gateway {

namespace {

constexpr schema schemas[] = {
  {"Error", "detail:s! error:s! error_code:s! timestamp:t! request_id:s! errors:[]#FieldError!", "Every failure"},
  {"FieldError", "loc:[]s! msg:s! type:s!"},
  {"UdfError", "s:c(error)! errmsg:s! detail:s!"},
  {"ChartStorageError", "status:c(error)! message:s!"},
  {"Ok", "ok:b!"},
  {"Health",
   "status:e(healthy|degraded|unhealthy)! ok:b! timestamp:i! ts_ms:i! version:s! uptime_s:i tradier_connected:b tradovate_connected:b "
   "ccxt_connected:b active_connections:i feeds:{}#FeedHealth market_error:s journal:#PartState risk:#RiskState orders:#OpenOrders cluster:#ClusterState "
   "metrics:#HealthMetrics"},
  {"FeedHealth", "state:s! source:s! since:i! last_message_age_ms:i? events:i! stale_symbols:i! detail:s"},
  {"PartState", "state:s! reason:s offset:i fsync_p99_us:n"},
  {"RiskState", "mode:s! kill_active:b"},
  {"OpenOrders", "open:i! unknown:i!"},
  {"ClusterState", "node:s! role:s! epoch:i!"},
  {"HealthMetrics", "http_p50_ms:n http_p95_ms:n http_p99_ms:n risk_p99_us:n orders_open:i orders_unknown:i"},
  {"UdfConfig",
   "supports_search:b! supports_group_request:b! supports_marks:b! supports_timescale_marks:b! supports_time:b! supported_resolutions:[]s! "
   "exchanges:[]#UdfExchange! symbols_types:[]#UdfSymbolType! currency_codes:[]s!"},
  {"UdfExchange", "value:s! name:s! desc:s!"},
  {"UdfSymbolType", "name:s! value:s!"},
  {"UdfSymbol",
   "symbol:s! ticker:s! name:s! full_name:s! description:s! type:s! exchange:s! listed_exchange:s! session:s! session_holidays:s! "
   "corrections:s! timezone:s! minmov:i! minmove2:i! pricescale:i! fractional:b! format:s! has_intraday:b! has_daily:b! "
   "has_weekly_and_monthly:b! intraday_multipliers:[]s! supported_resolutions:[]s! volume_precision:i! data_status:s! delay:i "
   "currency_code:s! expired:b expiration_date:i"},
  {"UdfSearchResult", "symbol:s! full_name:s! description:s! exchange:s! ticker:s! type:s!"},
  {"UdfHistory", "s:e(ok|no_data)! t:[]i o:[]n h:[]n l:[]n c:[]n v:[]n nextTime:i"},
  {"UdfMarks", "id:[]s! time:[]i! color:[]s! text:[]s! label:[]s! labelFontColor:[]s! minSize:[]i!"},
  {"UdfTimescaleMark", "id:s! color:s! label:s! time:i! tooltip:[]s! shape:s"},
  {"UdfQuotes", "s:c(ok)! d:[]#UdfQuote!"},
  {"UdfQuote", "s:e(ok|error)! n:s! v:#UdfQuoteValues!"},
  {"UdfQuoteValues",
   "ch:n chp:n short_name:s exchange:s description:s original_name:s lp:n ask:n bid:n spread:n open_price:n high_price:n low_price:n "
   "prev_close_price:n volume:n"},
  {"Quote",
   "symbol:s! timestamp:i ts_ms:i bid:n ask:n bid_size:n ask_size:n last:n price:n last_size:n volume:n open:n high:n low:n prev_close:n "
   "change:n change_percent:n source:s! delayed:b! stale:b! market_state:e(closed|pre|regular|post)!",
   "Fields that are not known are absent; prices are strings under ?numbers=string"},
  {"Quotes", "quotes:[]#Quote! unmatched:[]s!"},
  {"Bar", "ts:i! o:n! h:n! l:n! c:n! v:n!"},
  {"Bars", "bars:[]#Bar! next_cursor:s!?"},
  {"Trade", "symbol:s! timestamp:i! ts_ms:i! price:n! size:n! side:e(buy|sell|unknown)! trade_seq:i!"},
  {"Trades", "symbol:s! trades:[]#Trade!"},
  {"BookLevel", "price:n! size:n"},
  {"Depth", "symbol:s! timestamp:i ts_ms:i bids:[]#BookLevel! asks:[]#BookLevel! levels:i! book:c(top)! note:s! source:s! stale:b!"},
  {"Symbol", "symbol:s! full_name:s! description:s! exchange:s! type:s! ticker:s!"},
  {"SymbolSearch", "symbols:[]#Symbol!"},
  {"Sessions", "regular:s! extended:s!"},
  {"Instrument",
   "symbol:s! ticker:s! full_name:s! exchange:s! description:s! type:s! currency:s! tick:n! lot:n! multiplier:n! price_basis:s! calendar:s! "
   "timezone:s! sessions:#Sessions! has_extended_hours:b! venue_symbols:{}s! roll_date:d!? borrowable:b!? timeframes:[]s!"},
  {"MarketStatus",
   "is_open:b! session:e(pre|regular|post|closed)! venue:s! timezone:s! timestamp:i! ts_ms:i! next_open:s!? next_close:s!? holiday:s half_day:b!"},
  {"CalendarDay", "date:d! status:e(open|closed)! open:s!? close:s!? extended_open:s extended_close:s half_day:b! name:s"},
  {"Calendar", "venue:s! timezone:s! days:[]#CalendarDay!"},
  {"NewsItem", "id:s! timestamp:i! source:s! headline:s! summary:s url:s! symbols:[]s!"},
  {"NewsFeed", "name:s! state:e(waiting|ok|failed)! detail:s checked_at:t!?"},
  {"News", "news:[]#NewsItem! configured:b! feeds:[]#NewsFeed!"},
  {"SavedDocument", "name:s! version:i! updated_at:t!"},
  {"Feed", "name:s! source:s! state:s! since:i! events:i! stale_symbols:i! last_event_at:s detail:s!"},
  {"Feeds", "feeds:[]#Feed!"},
  {"FeedStep", "events:i!"},
  {"FeedStepped", "name:s! events:i!"},
  {"ClusterLink", "peer:s! state:e(up|down)! since_heard_ms:i! round_trip_us:i! messages_in:i! messages_out:i! bytes_in:i! bytes_out:i! "
                  "repeated_frames:i! times_up:i! bytes_waiting:i!"},
  {"ClusterLease", "name:s! epoch:i!"},
  {"ClusterNode", "name:s! state:e(up|left|lost)! reason:s since:t! roles:[]s! endpoint:s url:s version:s started_at:t answered:b! symbols:i "
                  "feeds:[]s leases:[]#ClusterLease links:[]#ClusterLink proxies:i exported_actors:i topic_gaps:i refused_peers:i rss_bytes:i lag_us:i "
                  "refused_messages:i lost_messages:i excess_messages:i undecodable_messages:i stalls:i"},
  {"Cluster", "node:s! mode:e(standalone|cluster)! nodes:[]#ClusterNode!"},
  {"Watchlist", "id:i! name:s! symbols:[]s!"},
  {"WatchlistInput", "name:s! symbols:[]s!"},
  {"Watchlists", "watchlists:[]#Watchlist!"},
  {"WebhookAnswer", "status:c(received)! alert_id:s! event_id:i! duplicate:b! decision:e(queued|recorded|refused)! reason:s detail:s timestamp:t!"},
  {"WebhookLimits", "ok:b! timestamp:i! ts_ms:i! now:t! limits:{}i! secret_set:b! listen:s"},
  {"WebhookRules", "body_secret:b! hmac_key:b! ip_allow:[]s! mtls:b!"},
  {"WebhookScope", "symbols:[]s! max_quantity:n!? sides:[]s!"},
  {"WebhookProfile",
   "id:s! name:s! account_id:s! mode:e(paper|sandbox|live)! strategy_id:s rules:#WebhookRules! scope:#WebhookScope! freshness_s:i! "
   "sync_mode:e(order|position)! out_of_step:e(refuse|warn)! expect_every_s:i editable:b! created_at:t updated_at:t path_token:s url:s",
   "path_token is shown once: when it is made"},
  {"WebhookProfiles", "webhooks:[]#WebhookProfile!"},
  {"WebhookProfileChange",
   "name:s account_id:s strategy_id:s? rules:{}j scope:{}j freshness_s:i sync_mode:e(order|position) out_of_step:e(refuse|warn) expect_every_s:i?",
   "rules {body_secret, hmac_key, ip_allow[], mtls} and scope {symbols[], max_quantity, sides[]} are taken key by key; null takes a value away"},
  {"WebhookEvent",
   "event_id:i! alert_id:s! profile:s! received_at:t! updated_at:t! decision:e(queued|recorded|refused)! reason:s detail:s pending:b! account_id:s "
   "strategy_id:s symbol:s action:s order_ids:[]s! remote:s! form:e(json|pairs|words|note)! body:s!",
   "body is JSON text without secrets"},
  {"WebhookEvents", "events:[]#WebhookEvent! next_cursor:s!?"},
  {"StrategySource", "kind:e(pine|yaml|webhook)! source:s!"},
  {"Diagnostic", "severity:e(error|warning)! code:s! message:s! line:i! column:i! length:i hint:s key:s"},
  {"Diagnostics", "valid:b! diagnostics:[]#Diagnostic!"},
  // -- jobs
  {"BacktestRequest",
   "pine_script:s strategy_id:s strategy_version:i yaml:s symbols:[]s! timeframes:[]s start_date:d! end_date:d! initial_capital:n commission:n "
   "commission_type:e(cash_per_order|percent|cash_per_contract) slippage:n slippage_type:e(percent|ticks) inputs:{}j magnifier:b fill_model:s "
   "session:e(regular|extended) data_source:s currency:s warmup_bars:i rng_key:i capital_mode:e(per_run|shared)",
   "Exactly one of pine_script, strategy_id and yaml; every symbol runs on every timeframe"},
  {"BacktestQueued", "backtest_id:s! status:s! message:s!"},
  {"BacktestStatus",
   "backtest_id:s! status:e(queued|running|completed|failed|cancelled)! progress:n! stage:s! symbols_done:i! symbols_total:i! created_at:t! "
   "started_at:t completed_at:t error_message:s"},
  {"BacktestListed", "backtest_id:s! status:s! progress:n! symbols:[]s! created_at:t! completed_at:t!?"},
  {"Backtests", "backtests:[]#BacktestListed! next_cursor:s!?"},
  {"BacktestResults", "backtest_id:s! status:s! error_message:s compile_diagnostics:[]#Diagnostic request:{}j! results:{}j!"},
  {"BacktestTrade",
   "symbol:s! timeframe:s! side:e(long|short)! entry_date:s! exit_date:s! entry_price:n! exit_price:n! quantity:n! pnl:n! pnl_percent:n! fees:n! "
   "bars_held:i! mae:n! mfe:n! entry_reason:s! exit_reason:s!"},
  {"BacktestTrades", "backtest_id:s! trades:[]#BacktestTrade! next_cursor:s!?"},
  {"EquityPoint", "date:s! equity:n!"},
  {"BacktestEquity", "backtest_id:s! equity_curve:[]#EquityPoint! next_cursor:s!?"},
  {"BacktestLogs", "backtest_id:s! logs:[]{}j! next_cursor:s!?"},
  {"BacktestProgress",
   "type:e(progress|completed|error)! backtest_id:s status:s progress:n stage:s symbol:s error_message:s? message:s"},
  {"StudyRequest",
   "pine_script:s strategy_id:s strategy_version:i yaml:s symbols:[]s! timeframes:[]s start_date:d! end_date:d! initial_capital:n commission:n "
   "commission_type:e(cash_per_order|percent|cash_per_contract) slippage:n slippage_type:e(percent|ticks) inputs:{}j magnifier:b fill_model:s "
   "session:e(regular|extended) data_source:s currency:s warmup_bars:i rng_key:i capital_mode:e(per_run|shared) parameters:{}j! "
   "method:e(grid|random|genetic|walk_forward) objective:s direction:e(maximize|minimize) constraints:[]s max_trials:i sample:b genetic:{}j "
   "walk_forward:{}j"},
  {"StudyQueued", "study_id:s! status:s! message:s!"},
  {"StudyStatus",
   "study_id:s! status:e(queued|running|paused|completed|failed|cancelled)! progress:n! stage:s! symbols_done:i! symbols_total:i! "
   "trials_done:i! trials_total:i! best:{}j!? created_at:t! started_at:t completed_at:t error_message:s"},
  {"StudyListed", "study_id:s! status:s! progress:n! symbols:[]s! created_at:t! completed_at:t!?"},
  {"Studies", "studies:[]#StudyListed! next_cursor:s!?"},
  {"StudyResults", "study_id:s! status:s! error_message:s compile_diagnostics:[]#Diagnostic request:{}j! results:{}j!"},
  {"StudyTrials", "study_id:s! trials:[]{}j! next_cursor:s!?"},
  {"StudyProgress",
   "type:e(progress|completed|error)! study_id:s status:s progress:n stage:s symbol:s trials_done:i trials_total:i best:{}j? error_message:s? "
   "message:s"},
  // -- orders, accounts, risk
  {"TakeProfit", "price:n!"},
  {"StopLoss", "stop_price:n! price:n"},
  {"OrderLeg", "type:e(market|limit|stop|stop_limit|trailing_stop)! price:n stop_price:n side:s quantity:n"},
  {"OrderRequest",
   "symbol:s! side:e(buy|sell|sell_short|buy_to_cover|buy_to_open|buy_to_close|sell_to_open|sell_to_close)! quantity:n notional:n weight:n "
   "type:e(market|limit|stop|stop_limit|trailing_stop|bracket|oco) price:n stop_price:n trail_offset:n trail_percent:n take_profit:#TakeProfit "
   "stop_loss:#StopLoss legs:[]#OrderLeg time_in_force:e(day|gtc|gtd|ioc|fok|pre|post) good_till:t extended_hours:b reduce_only:b "
   "allow_close_part:b account_id:s strategy_id:s alert_id:s comment:s client_order_id:s",
   "Exactly one of quantity, notional and weight; there is no default side"},
  {"OrderChange", "quantity:n price:n stop_price:n trail_offset:n trail_percent:n time_in_force:s if_version:i"},
  {"RiskFinding", "code:s! result:e(passed|warned|reduced|rejected|not_evaluated)! scope:s! measured:n!? limit:n!? unit:s! message:s elapsed_ns:i!",
   "What one check said. not_evaluated: it had nothing to look at, and the message says why. Orders show those that warned, reduced or rejected; a preview all"},
  {"RiskAdjustment", "code:s! quantity:n!"},
  {"RiskCheck",
   "result:e(undecided|approved|approved_reduced|rejected)! code:s! legacy_code:s! message:s original_quantity:n! quantity:n! elapsed_us:i! "
   "limits_version:i! state_offset:i! adjustments:[]#RiskAdjustment! checks:[]#RiskFinding!"},
  {"Order",
   "order_id:s! client_order_id:s! wire_order_id:s! broker_order_id:s account_id:s! account_mode:e(paper|live)! symbol:s! instrument_id:s! side:s! "
   "order_type:s! time_in_force:s! original_quantity:n! quantity:n! filled_quantity:n! remaining_quantity:n! price:n stop_price:n trail_offset:n "
   "trail_percent:n avg_fill_price:n fees:n! status:e(pending|open|partially_filled|filled|cancelled|rejected|expired)! state:s! reason:s "
   "reject_code:s reduce_only:b! extended_hours:b! strategy_id:s alert_id:s comment:s parent_id:s leg:s leg_type:s linked_ids:[]s! is_triggered:b created_at:t! submitted_at:t "
   "filled_at:t updated_at:t! version:i! risk_check:#RiskCheck! changed:b"},
  {"OrderPreview",
   "would_accept:b! quantity:n! est_price:n!? est_notional:n!? est_fees:n!? buying_power_after:n!? risk_check:#RiskCheck!"},
  {"OrdersCancelled", "requested:i! order_ids:[]s!"},
  {"PositionsClosed", "orders:[]#Order! cancelled:[]s!"},
  {"Account",
   "account_id:s! broker:s! account_type:e(cash|margin|pdt|futures|crypto)! mode:e(paper|live)! currency:s! total_equity:n! cash_balance:n! "
   "buying_power:n!? day_trade_buying_power:n initial_margin:n maintenance_margin:n start_of_day_equity:n! day_pnl:n! realized_pnl:n! "
   "unrealized_pnl:n! total_pnl:n! is_active:b! trading_enabled:b! pattern_day_trader:b! data_age_ms:i!? last_updated:t!?"},
  {"Accounts", "accounts:[]#Account! unavailable:[]#AccountInTrouble"},
  {"AccountInTrouble", "account_id:s! error_code:s! detail:s!"},
  {"Position",
   "account_id:s! symbol:s! quantity:n! side:e(long|short)! avg_price:n!? current_price:n!? multiplier:n! market_value:n!? cost_basis:n! "
   "unrealized_pnl:n!? realized_pnl:n! day_pnl:n!? weight:n!? opened_at:t! updated_at:t! origin:e(own|external)!"},
  {"Execution",
   "execution_id:s! order_id:s! account_id:s! symbol:s! side:e(buy|sell)! quantity:n! price:n! liquidity:e(maker|taker) commission:n! "
   "exchange_fee:n! regulatory_fee:n! other_fees:n! net_value:n!? timestamp:t!"},
  {"Executions", "executions:[]#Execution! next_cursor:i!?"},
  {"RiskLimit", "code:s! name:s! scope:s! limit:n!? measured:n!? headroom:n!? unit:s! would_trip:b! subject:s reason:s",
   "Where the account stands against a limit. Of limits that hold per symbol or strategy the one that is furthest: subject. Without a measure: reason"},
  {"Breaker", "code:s! scope:e(account|strategy|symbol)! name:s formula:s! measured:n!? limit:n!? headroom:n!? unit:s! would_trip:b! tripped:b!"},
  {"Risk",
   "mode:e(none|reduce|flatten|halt)! kill_active:b! epoch:i! limits_version:i! limits:[]#RiskLimit! breakers:[]#Breaker! stops:[]#ScopedStop! "
   "unconfirmed_cancels:[]s! frozen:[]#FrozenSymbol! alarms:[]#AccountAlarm! limit_profiles:[]#LimitProfile!",
   "mode is that of the account as a whole; stops lists all that are in force, of any scope. unconfirmed_cancels: orders that a stop cancels and that have not ended"},
  {"LimitProfile", "name:s! assigned_to:[]#ProfileScope!", "Looser limits under a name; an admin gives them to a scope"},
  {"ProfileScope", "scope:s! name:s"},
  {"ScopedStop", "scope:e(global|account|strategy|symbol)! name:s mode:e(reduce|flatten|halt)!"},
  {"FrozenSymbol", "symbol:s! ours:n! theirs:n! reason:s! since:t!", "We and the venue disagree: only closing orders until both agree or an admin accepts the venue's position"},
  {"AccountAlarm", "timestamp:t! level:e(notice|warning|alarm)! code:s! order_id:s symbol:s text:s!"},
  {"CloseUnknown", "reason:s!"},
  {"PositionAccept", "account_id:s average_price:n reason:s!", "average_price is needed where the venue holds anything"},
  {"PositionAccepted", "account_id:s! symbol:s! previous_quantity:n! quantity:n! avg_price:n!"},
  {"LimitsChange", "scope:j! limits:o reason:s! limit_profile:s"},
  {"LimitsChanged", "version:i!"},
  {"LimitProfileValues", "name:s! limits:j! assigned_to:[]#ProfileScope!", "limits: what the profile sets, off where it lifts a limit; all others are those around it"},
  {"LimitProfiles", "limits_version:i! profiles:[]#LimitProfileValues!"},
  {"LimitProfileChange", "limits:o! reason:s!", "Limits that are not named stay as they are; null takes one out of the profile"},
  {"LimitProfileChanged", "name:s! version:i!"},
  {"EmergencyStop", "mode:e(halt|reduce|flatten) scope:o cancel_open:b reason:s"},
  {"NodeStop", "node:s! result:e(taken|refused|waiting)! detail:s"},
  {"EmergencyStopped", "kill_active:b! mode:s! epoch:i! cancel_requested:[]s! elapsed_ms:i! nodes:[]#NodeStop"},
  {"Resume", "reason:s confirm_token:s"},
  // -- price alerts
  {"AlertRequest",
   "symbol:s condition:e(price_above|price_below|price_equals|price_cross_above|price_cross_below|volume_above|volume_below|rsi_overbought|"
   "rsi_oversold|macd_signal|bollinger_break|custom|above|below|equals) condition_value:n price:n expression:s timeframe:s parameters:{}n message:s "
   "expires_at:t repeat:e(once|once_per_bar|always) auto_execute:b order_type:e(market|limit|stop) order_side:s order_quantity:n order_price:n "
   "account_id:s webhook_url:s tags:[]s is_active:b alert_status:e(active|paused|cancelled) alert_id:s alert_type:s strategy:s",
   "Long form; `condition: above, price` for short; or a notice with alert_type, strategy and message"},
  {"Alert",
   "alert_id:s! id:s! status:s! alert_status:e(active|triggered|paused|expired|cancelled)! is_active:b! client_alert_id:s status_reason:s alert_type:s "
   "strategy:s symbol:s condition:s condition_value:n expression:s timeframe:s parameters:{}n message:s! expires_at:t repeat:e(once|once_per_bar|always) "
   "auto_execute:b order_type:s order_side:s order_quantity:n order_price:n account_id:s webhook_url:s tags:[]s trigger_count:i! last_triggered_at:t!? "
   "last_value:n!? last_order_state:e(placed|refused|failed|lapsed) last_order_id:s last_order_error:s last_notice_status:i last_notice_error:s "
   "created_by:s! created_at:t! updated_at:t!"},
  {"Alerts", "alerts:[]#Alert! next_cursor:i!?"},
  {"AlertDeleted", "status:c(deleted)! alert_id:s!"},
  // -- identity
  {"Login", "username:s! password:s! totp:s"},
  {"Session", "user:s! role:e(viewer|trader|admin)! csrf_token:s! expires_at:t!",
   "The session's id comes in the cookie tt_session; changes need the header X-CSRF-Token"},
  {"Me",
   "user:s! principal:s! kind:e(local|token|session)! role:e(viewer|trader|admin)! account_scope:e(none|paper|listed|all)! accounts:[]s! "
   "strategies:[]s! expires_at:t!? csrf_token:s totp_enabled:b"},
  {"TotpBegin", "password:s!"},
  {"TotpOffer", "secret:s! otpauth_uri:s! expires_in:i!", "Counts once a code of it was shown to /auth/totp/confirm, within expires_in seconds"},
  {"TotpConfirm", "totp:s!"},
  {"TotpRemove", "password:s! totp:s!"},
  {"TotpChanged", "status:e(enabled|removed)! id:s!"},
  {"StreamTicket", "ticket:s! expires_in:i!"},
  {"TokenRequest", "name:s! role:e(viewer|trader|admin)! accounts:[]s strategies:[]s expires_at:t expires_in_days:i allowed_ips:[]s",
   "Without accounts: paper accounts, of an admin all; * alone means all"},
  {"Token",
   "id:s! name:s! role:e(viewer|trader|admin)! accounts:[]s! strategies:[]s! allowed_ips:[]s! expires_at:t!? is_expired:b! created_at:t! "
   "created_by:s! last_used_at:t!?"},
  {"Tokens", "tokens:[]#Token!"},
  {"NewToken",
   "id:s! name:s! role:e(viewer|trader|admin)! accounts:[]s! strategies:[]s! allowed_ips:[]s! expires_at:t!? is_expired:b! created_at:t! "
   "created_by:s! last_used_at:t!? token:s!"},
  {"UserRequest", "username:s password:s role:e(viewer|trader|admin) accounts:[]s strategies:[]s is_enabled:b"},
  {"User", "id:s! username:s! role:e(viewer|trader|admin)! accounts:[]s! strategies:[]s! is_enabled:b! totp_enabled:b! created_at:t! updated_at:t!"},
  {"Users", "users:[]#User!"},
  {"IdentityGone", "status:e(revoked|removed)! id:s!"},
  // -- stream frames
  {"StreamCommand",
   "action:e(subscribe|unsubscribe|snapshot|resume|ping|pong|auth|list|set) type:s channel:s channels:[]s symbol:s symbols:[]s timeframe:s "
   "session:e(regular|extended) id:j epoch:i after:i token:s max_rate_hz:n case:e(snake|camel)",
   "What a client sends: verb = action, else type; channels and symbols as list or text"},
  {"SubscriptionConfirmed",
   "type:c(subscription_confirmed)! action:e(subscribe|unsubscribe)! symbols:[]s! channels:[]s! rejected:[]#RejectedSymbol! id:j"},
  {"RejectedSymbol", "symbol:s! reason:s!"},
  {"Subscribed", "type:e(subscribed|unsubscribed)! symbol:s! status:c(success)!"},
  {"QuoteMessage", "type:c(quote)! channel:c(quotes)! symbol:s! data:#Quote!? timestamp:t! seq:i! snapshot:b state:s conflated:i"},
  {"TradeMessage", "type:c(trade)! channel:c(trades)! symbol:s! data:#Trade!? timestamp:t! seq:i! snapshot:b state:s dropped:i"},
  {"StreamBar",
   "symbol:s! timeframe:s! session:e(regular|extended)! ts:i! o:n! h:n! l:n! c:n! v:n! closed:b! bar_seq:i!"},
  {"BarMessage", "type:c(bar)! channel:c(bars)! symbol:s! data:#StreamBar!? timestamp:t! seq:i! snapshot:b state:s conflated:i"},
  {"MarketStatusMessage", "type:c(market_status)! channel:c(market_status)! data:#MarketStatus!? timestamp:t! seq:i! snapshot:b state:s"},
  {"StreamError", "type:c(error)! message:s! error:s! error_code:s! data:#ErrorData! timestamp:t! id:j"},
  {"ErrorData", "message:s!"},
  {"Authenticated", "type:c(authenticated)! principal:s! role:s! timestamp:t! id:j"},
  {"Pong", "type:c(pong)! id:j timestamp:t!"},
  {"Heartbeat", "type:c(heartbeat)! timestamp:t! seq:i"},
  {"Resumed", "type:c(resumed)! channel:s from:i! to:i!"},
  {"Gap", "type:c(gap)! channel:s"},
};

/// The reader of one type word, writing as it goes.
class type_writer {
public:
  explicit type_writer(json_writer& out) : out_(out) {}

  /// False for a word that can't be read.
  bool write(std::string_view word, bool nullable) {
    if (word.substr(0, 2) == "[]") {
      out_.begin_object();
      kind("array", nullable);
      out_.key("items");
      if (!write(word.substr(2), false)) return false;
      out_.end_object();
      return true;
    }
    if (word.substr(0, 2) == "{}") {
      out_.begin_object();
      kind("object", nullable);
      out_.raw_key("additionalProperties");
      if (!write(word.substr(2), false)) return false;
      out_.end_object();
      return true;
    }
    if (word.substr(0, 1) == "#") return reference(word.substr(1), nullable);
    if (word.size() > 3 && word[1] == '(' && word.back() == ')') return choices(word.substr(2, word.size() - 3), nullable);
    return word.size() == 1 && simple(word.front(), nullable);
  }

private:
  void kind(std::string_view type, bool nullable) {
    out_.key("type");
    if (!nullable) {
      out_.value(type);
      return;
    }
    out_.begin_array().value(type).value("null").end_array();
  }
  bool reference(std::string_view name, bool nullable) {
    const auto all = object_schemas();
    if (std::none_of(all.begin(), all.end(), [&](const schema& one) { return one.name == name; })) return false;
    const std::string target = "#/components/schemas/" + std::string{name};
    out_.begin_object();
    if (nullable) {
      out_.raw_key("oneOf").begin_array().begin_object().raw_key("$ref").value(target).end_object();
      out_.begin_object().field("type", "null").end_object().end_array();
    } else {
      out_.raw_key("$ref").value(target);
    }
    out_.end_object();
    return true;
  }
  bool choices(std::string_view list, bool nullable) {
    out_.begin_object();
    kind("string", nullable);
    out_.key("enum").begin_array();
    while (!list.empty()) {
      const auto end = std::min(list.find('|'), list.size());
      out_.value(list.substr(0, end));
      list.remove_prefix(std::min(end + 1, list.size()));
    }
    if (nullable) out_.null();
    out_.end_array().end_object();
    return true;
  }
  bool simple(char letter, bool nullable) {
    out_.begin_object();
    switch (letter) {
    case 's': kind("string", nullable); break;
    case 'i': kind("integer", nullable); break;
    case 'n': kind("number", nullable); break;
    case 'b': kind("boolean", nullable); break;
    case 'o': kind("object", nullable); break;
    case 't': kind("string", nullable), out_.field("format", "date-time"); break;
    case 'd': kind("string", nullable), out_.field("format", "date"); break;
    case 'j': break;
    default: return false;
    }
    out_.end_object();
    return true;
  }

  json_writer& out_;
};

struct field_word {
  std::string_view name, type;
  bool required = false, nullable = false;
};

std::optional<field_word> read_word(std::string_view word) {
  const auto colon = word.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  field_word out{word.substr(0, colon), word.substr(colon + 1), false, false};
  while (!out.type.empty() && (out.type.back() == '!' || out.type.back() == '?')) {
    (out.type.back() == '!' ? out.required : out.nullable) = true;
    out.type.remove_suffix(1);
  }
  return out;
}

result<void> write_object(json_writer& out, const schema& one) {
  out.raw_key(one.name).begin_object().field("type", "object");
  if (!one.description.empty()) out.field("description", one.description);
  std::vector<std::string_view> required;
  out.key("properties").begin_object();
  std::string_view rest = one.fields;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(' '), rest.size());
    const auto text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.empty()) continue;
    const auto word = read_word(text);
    if (!word) return error{errc::invalid_argument, "schema " + std::string{one.name} + ": " + std::string{text}};
    out.raw_key(word->name);
    if (!type_writer{out}.write(word->type, word->nullable))
      return error{errc::invalid_argument, "schema " + std::string{one.name} + ": " + std::string{text}};
    if (word->required) required.push_back(word->name);
  }
  out.end_object();
  if (!required.empty()) {
    out.key("required").begin_array();
    for (const auto name : required) out.value(name);
    out.end_array();
  }
  out.end_object();
  return {};
}

} // namespace

std::span<const schema> object_schemas() { return schemas; }

result<std::string> write_schemas() {
  json_writer out;
  out.begin_object();
  for (const auto& one : schemas)
    if (auto done = write_object(out, one); !done) return done.error();
  out.raw_key("AnyDocument").begin_object().field("type", "object").raw_key("additionalProperties").value(true).end_object();
  const auto array_of = [&](std::string_view name, std::string_view item) {
    out.raw_key(name).begin_object().field("type", "array").key("items");
    type_writer{out}.write(item, false);
    out.end_object();
  };
  array_of("UdfSearchResults", "#UdfSearchResult");
  array_of("UdfTimescaleMarks", "#UdfTimescaleMark");
  out.raw_key("StreamMessage").begin_object().raw_key("oneOf").begin_array();
  for (const std::string_view frame : {"SubscriptionConfirmed", "Subscribed", "QuoteMessage", "TradeMessage", "BarMessage",
                                       "MarketStatusMessage", "StreamError", "Pong", "Heartbeat", "Resumed", "Gap"})
    type_writer{out}.write("#" + std::string{frame}, false);
  out.end_array().end_object().end_object();
  return out.take();
}

} // namespace tt::gateway
