#include "actors/market/feed_source.hpp"
#include "actors/market/symbol_types.hpp"
