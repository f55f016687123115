import { describe, expect, test } from "vitest";
import { backtest, recurringFaults } from "../../../src/applications/index.ts";
import { ConfigurationError, DataError } from "../../../src/core/index.ts";

const entry = (date: string, component: string, action: string | null = null, aircraft = "N1") => ({
  date,
  component,
  aircraft,
  problem: `${component} INOP`,
  action,
});
const log = [
  entry("2026-03-01", "fuel pump", "REPLACED"),
  entry("2026-01-01", "fuel pump", "RESET"),
  entry("2026-01-31", "fuel pump", "REPLACED", "N2"),
  entry("2026-02-10", "tyre"),
  { ...entry("2026-02-10", "tyre"), component: null },
];

describe("recurringFaults", () => {
  test("counts entries by component, and says what was done last and most often", () => {
    const [pump, tyre] = recurringFaults(log).rows();
    expect(pump).toMatchObject({
      component: "fuel pump",
      faults: 3,
      daysBetween: 29.5,
      first: "2026-01-01",
      last: "2026-03-01",
      lastProblem: "fuel pump INOP",
      lastAction: "REPLACED",
      usualAction: "REPLACED",
    });
    expect(tyre).toMatchObject({ component: "tyre", faults: 1, daysBetween: null, lastAction: null });
  });

  test("expects as many as the rate so far gives, with the chance of one or more", () => {
    // 59 days observed, 3 entries: (3 + 1/2) 59 / 59 in as many days, and 1 - (1/2)^3.5 for at least one.
    const [pump] = recurringFaults(log, { days: 59 }).rows();
    expect(pump!.expected).toBeCloseTo(3.5, 12);
    expect(pump!.chance).toBeCloseTo(1 - 0.5 ** 3.5, 12);
  });

  test("counts by several columns together", () => {
    const rows = recurringFaults(log, { component: ["aircraft", "component"] }).rows();
    expect(rows.map(({ component, faults }) => [component, faults])).toEqual([
      ["N1 · fuel pump", 2],
      ["N1 · tyre", 1],
      ["N2 · fuel pump", 1],
    ]);
  });

  test("knows nothing of entries after the day it is made on", () => {
    expect(recurringFaults(log, { asOf: "2026-02-01" }).column("faults")).toEqual([2]);
    expect(() => recurringFaults(log, { asOf: "2025-01-01" })).toThrow(DataError);
  });

  test("names the row whose date is none, and refuses to look no days ahead", () => {
    expect(() => recurringFaults([...log, entry("next week", "tyre")])).toThrow(/row 6.*"next week"/);
    expect(() => recurringFaults(log, { days: 0 })).toThrow(ConfigurationError);
  });
});

describe("backtest", () => {
  const date = (day: number) => new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10);
  /** Component A fails every 5 days, B every 50, C and D once. */
  const steady = [
    ...Array.from({ length: 60 }, (_, i) => entry(date(i * 5), "A")),
    ...Array.from({ length: 6 }, (_, i) => entry(date(i * 50), "B")),
    entry(date(3), "C"),
    entry(date(7), "D"),
  ];

  test("catches the faults of what fails again and again, and is better than one chance for all", () => {
    const found = backtest(steady, { asOf: date(200), days: 30 });
    expect(found).toMatchObject({ asOf: date(200), days: 30, faults: 6, top: 1, byChance: 0.25 });
    expect(found.caught).toBe(1);
    expect(found.brier).toBeLessThan(found.brierOfBase);
  });

  test("looks at what came after the day alone", () => {
    const early = backtest(steady, { asOf: date(200), days: 30 });
    const cut = backtest(
      steady.filter((row) => row.date <= date(200)),
      { asOf: date(200), days: 30 },
    );
    expect(cut.faults).toBe(0);
    expect(cut.caught).toBeNaN();
    expect(cut.brier).not.toBe(early.brier);
  });
});
