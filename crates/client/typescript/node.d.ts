// The few things of Node that the example and the tests need.
declare const process: { env: Record<string, string | undefined> };
declare module "node:fs" {
  export function readFileSync(path: string, encoding: "utf8"): string;
}
declare module "node:util" {
  export function inspect(value: unknown, options?: { depth: number }): string;
}
