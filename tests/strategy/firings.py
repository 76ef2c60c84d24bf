#!/usr/bin/env python3
"""When the three shipped jobs fire in 2026 and 2027, worked out without the program: the session of the New York Stock
Exchange from its published rules, local times from the system's time zone database.

  firings.py > data/firings.txt

One line for each job and trading day: job, day, first firing, last firing (UTC), number of firings.
"""
import datetime as dt
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
DAY = dt.timedelta(days=1)


def easter(year):
    """Anonymous Gregorian computus."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    l = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * l) // 451
    month, day = divmod(h + l - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)


def nth(year, month, weekday, n):
    """The n-th weekday (0 Monday) of a month; -1: the last."""
    days = [dt.date(year, month, 1) + DAY * i for i in range(31)]
    fitting = [d for d in days if d.month == month and d.weekday() == weekday]
    return fitting[n - 1 if n > 0 else n]


def observed(day, keeps_saturday=True):
    if day.weekday() == 5:
        return day - DAY if keeps_saturday else None
    return day + DAY if day.weekday() == 6 else day


def closed(year):
    return {
        observed(dt.date(year, 1, 1), keeps_saturday=False), nth(year, 1, 0, 3), nth(year, 2, 0, 3), easter(year) - 2 * DAY, nth(year, 5, 0, -1),
        observed(dt.date(year, 6, 19)), observed(dt.date(year, 7, 4)), nth(year, 9, 0, 1), nth(year, 11, 3, 4), observed(dt.date(year, 12, 25))}


def half_days(year):
    """13:00: the day after Thanksgiving; 3 July and 24 December where they are trading days before the holiday itself."""
    out = {nth(year, 11, 3, 4) + DAY}
    for day in (dt.date(year, 7, 3), dt.date(year, 12, 24)):
        if day.weekday() < 5:
            out.add(day)
    return out - closed(year)


def session(day):
    if day.weekday() > 4 or day in closed(day.year):
        return None
    last = dt.time(13) if day in half_days(day.year) else dt.time(16)
    at = lambda t: dt.datetime.combine(day, t, NEW_YORK).astimezone(dt.timezone.utc)
    return at(dt.time(9, 30)), at(last)


def bars(day, minutes):
    opening, close = session(day)
    slots = [opening + dt.timedelta(minutes=minutes * k) for k in range(1, 400) if opening + dt.timedelta(minutes=minutes * k) <= close]
    return [s for s in slots if opening + dt.timedelta(minutes=30) <= s <= close - dt.timedelta(minutes=15)]


JOBS = {
    "momentum_strategy": lambda day: bars(day, 5),
    "mean_reversion_strategy": lambda day: bars(day, 15),
    "portfolio_rebalance": lambda day: [session(day)[1] - dt.timedelta(minutes=30)],
}

if __name__ == "__main__":
    for job, firings in JOBS.items():
        day = dt.date(2026, 1, 1)
        while day < dt.date(2028, 1, 1):
            if session(day):
                slots = firings(day)
                print(job, day, slots[0].strftime("%Y-%m-%dT%H:%MZ"), slots[-1].strftime("%Y-%m-%dT%H:%MZ"), len(slots))
            day += DAY
