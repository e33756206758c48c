// Loaded into Node before an application: connections to a vendor's name go to haechi.
import tls from "node:tls";
import { hosts } from "./vendors.mjs";

const { connect } = tls;
tls.connect = (options, ...rest) => {
  if (!hosts.includes(options?.host)) return connect(options, ...rest);
  const { host } = options;
  return connect({ ...options, host: "127.0.0.1", port: Number(process.env.VENDORS_PORT), servername: host }, ...rest);
};
