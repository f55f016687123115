export { repairFrame, type RepairOptions, type RepairRow, repairRows } from "./repair-rows.ts";
