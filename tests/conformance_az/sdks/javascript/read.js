/**
 * Reads with the Azure SDK for JavaScript: each line of stdin names a resource, its type and the
 * names in its id from the resource group's on, and its answer is one line: `got` and `listed`, what
 * the SDK's models hold of it and of its neighbours in their list; or `error`.
 *
 * The arguments are Azure Resource Manager's address and the subscription; who signs in, and where,
 * stands in the environment as @azure/identity wants it (AZURE_CLIENT_ID and the like).
 */
import { createInterface } from "node:readline";

import { ComputeManagementClient } from "@azure/arm-compute";
import { MonitorClient } from "@azure/arm-monitor";
import { NetworkManagementClient } from "@azure/arm-network";
import { PrivateDnsManagementClient } from "@azure/arm-privatedns";
import { EnvironmentCredential } from "@azure/identity";

const [endpoint, subscription] = process.argv.slice(2);
const credential = new EnvironmentCredential({
  authorityHost: process.env.AZURE_AUTHORITY_HOST,
  disableInstanceDiscovery: true,
});
const options = { endpoint, credentials: { scopes: [`${endpoint}/.default`] } };
const compute = new ComputeManagementClient(credential, subscription, options);
const monitor = new MonitorClient(credential, subscription, options);
const names = new PrivateDnsManagementClient(credential, subscription, options);
const network = new NetworkManagementClient(credential, subscription, options);

/** How a type is read: the client's operations, its list, and what `get` is asked to add. */
function kind(operations, list = "list", expand = undefined) {
  return {
    get: (names) => operations.get(...names, { expand }),
    list: (names) => all(operations[list](...names.slice(0, -1))),
  };
}

/** All items of a list, whether the SDK gives it in pages or whole. */
async function all(list) {
  if (!(Symbol.asyncIterator in list)) return (await list).value;
  const items = [];
  for await (const item of list) items.push(item);
  return items;
}

/** What is in no list. */
const alone = async () => [];

const KINDS = {
  "Microsoft.Network/virtualNetworks": kind(network.virtualNetworks),
  "Microsoft.Network/virtualNetworks/subnets": kind(network.subnets),
  "Microsoft.Network/networkSecurityGroups": kind(network.networkSecurityGroups),
  "Microsoft.Network/networkSecurityGroups/securityRules": kind(network.securityRules),
  "Microsoft.Network/publicIPAddresses": kind(network.publicIPAddresses),
  "Microsoft.Network/natGateways": kind(network.natGateways),
  "Microsoft.Network/networkInterfaces": kind(network.networkInterfaces),
  "Microsoft.Network/loadBalancers": kind(network.loadBalancers),
  "Microsoft.Network/loadBalancers/backendAddressPools": kind(network.loadBalancerBackendAddressPools),
  "Microsoft.Network/loadBalancers/frontendIPConfigurations": kind(network.loadBalancerFrontendIPConfigurations),
  "Microsoft.Network/loadBalancers/probes": kind(network.loadBalancerProbes),
  "Microsoft.Network/loadBalancers/loadBalancingRules": kind(network.loadBalancerLoadBalancingRules),
  "Microsoft.Network/loadBalancers/outboundRules": kind(network.loadBalancerOutboundRules),
  "Microsoft.Network/loadBalancers/inboundNatRules": kind(network.inboundNatRules),
  "Microsoft.Network/privateDnsZones": kind(names.privateZones, "listByResourceGroup"),
  "Microsoft.Network/privateDnsZones/TXT": {
    get: ([group, zone, name]) => names.recordSets.get(group, zone, "TXT", name),
    list: ([group, zone]) => all(names.recordSets.listByType(group, zone, "TXT", { top: 1 })),
  },
  "Microsoft.Compute/virtualMachines": kind(compute.virtualMachines),
  "Microsoft.Compute/virtualMachines/instanceView": {
    get: ([group, name]) => compute.virtualMachines.get(group, name, { expand: "instanceView" }),
    list: alone,
  },
  "Microsoft.Compute/virtualMachines/extensions": kind(compute.virtualMachineExtensions),
  "Microsoft.Compute/disks": kind(compute.disks, "listByResourceGroup"),
  "Microsoft.Compute/images": kind(compute.images, "listByResourceGroup"),
  "Microsoft.Compute/galleries": kind(compute.galleries, "listByResourceGroup"),
  "Microsoft.Compute/galleries/images": kind(compute.galleryImages, "listByGallery"),
  "Microsoft.Compute/galleries/images/versions": kind(
    compute.galleryImageVersions,
    "listByGalleryImage",
    "ReplicationStatus",
  ),
  "Microsoft.Compute/virtualMachineScaleSets": kind(compute.virtualMachineScaleSets),
  "Microsoft.Compute/virtualMachineScaleSets/instanceView": {
    get: (names) => compute.virtualMachineScaleSets.getInstanceView(...names),
    list: alone,
  },
  "Microsoft.Compute/virtualMachineScaleSets/virtualMachines": kind(compute.virtualMachineScaleSetVMs),
  "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/instanceView": {
    get: (names) => compute.virtualMachineScaleSetVMs.getInstanceView(...names),
    list: alone,
  },
  "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces": {
    get: (names) => network.networkInterfaces.getVirtualMachineScaleSetNetworkInterface(...names),
    list: ([group, set]) =>
      all(network.networkInterfaces.listVirtualMachineScaleSetNetworkInterfaces(group, set)),
  },
  "Microsoft.Insights/autoscaleSettings": kind(monitor.autoscaleSettings, "listByResourceGroup"),
};

async function read({ type, names }) {
  const how = KINDS[type];
  if (!how) return { error: `no client reads ${type}` };
  try {
    return { got: await how.get(names), listed: await how.list(names) };
  } catch (error) {
    return { error: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await read(JSON.parse(line)))}\n`);
}
