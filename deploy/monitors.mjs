// Checks each ServiceMonitor of rendered manifests by the schema of Prometheus' operator.
//
//   node monitors.mjs FOLDER FILE…     FOLDER has the packages
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(resolve(join(folder, "node_modules", file))));
const { ServiceMonitor } = await load(
  "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor.js",
);
const { parseAllDocuments } = (await load("yaml/dist/index.js")).default;

let count = 0;
for (const file of files) {
  for (const document of parseAllDocuments(readFileSync(file, "utf8"))) {
    const manifest = document.toJS();
    if (manifest?.kind !== "ServiceMonitor") continue;
    new ServiceMonitor(manifest).validate();
    count += 1;
  }
}
if (count === 0) throw new Error("no ServiceMonitor was rendered");
