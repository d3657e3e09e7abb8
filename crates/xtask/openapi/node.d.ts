// The one thing of Node that the client needs.
declare const process: { env: Record<string, string | undefined> };
