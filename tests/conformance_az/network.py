"""Commands about networks and load balancers."""

from __future__ import annotations

from tests.conformance_az.expected import Command, NotServed, Passes, RefusedByAzure

_G = "--resource-group rg-network"
_LB = "--resource-group rg-network --lb-name lb"

NETWORK: tuple[Command, ...] = (
    Passes("group create --name rg-network --location westeurope", "name", "rg-network"),
    Passes(f"network vnet create {_G} --name net --address-prefixes 10.0.0.0/16 "
           "--subnet-name default --subnet-prefixes 10.0.0.0/24",
           "newVNet.subnets[].addressPrefix", ["10.0.0.0/24"]),
    Passes(f"network vnet list {_G}", "[].name", ["net"]),
    Passes(f"network vnet show {_G} --name net", "addressSpace.addressPrefixes", ["10.0.0.0/16"]),
    Passes(f"network vnet update {_G} --name net --set tags.owner=sre", "tags.owner", "sre"),
    Passes(f"network vnet check-ip-address {_G} --name net --ip-address 10.0.0.9",
           "available", True),
    Passes(f"network vnet list-available-ips {_G} --name net", "[0]", "10.0.0.4"),
    Passes(f"network vnet subnet create {_G} --vnet-name net --name apps "
           "--address-prefixes 10.0.1.0/24", "provisioningState", "Succeeded"),
    Passes(f"network vnet subnet list {_G} --vnet-name net", "[].name", ["default", "apps"]),
    Passes(f"network vnet subnet show {_G} --vnet-name net --name apps", "addressPrefix",
           "10.0.1.0/24"),
    Passes(f"network vnet subnet list-available-ips {_G} --vnet-name net --name apps", "[0]",
           "10.0.1.4"),
    Passes(f"network nsg create {_G} --name nsg", "NewNSG.name", "nsg"),
    Passes(f"network nsg list {_G}", "[].name", ["nsg"]),
    Passes(f"network nsg show {_G} --name nsg", "length(defaultSecurityRules)", 6),
    Passes(f"network nsg rule create {_G} --nsg-name nsg --name http --priority 200 "
           "--destination-port-ranges 80 --protocol Tcp", "destinationPortRange", "80"),
    Passes(f"network nsg rule list {_G} --nsg-name nsg", "[].name", ["http"]),
    Passes(f"network nsg rule show {_G} --nsg-name nsg --name http", "priority", 200),
    Passes(f"network nsg rule update {_G} --nsg-name nsg --name http --priority 210", "priority",
           210),
    Passes(f"network nsg rule delete {_G} --nsg-name nsg --name http", "length(@)", 0,
           then=f"network nsg rule list {_G} --nsg-name nsg"),
    Passes(f"network vnet subnet update {_G} --vnet-name net --name apps "
           "--network-security-group nsg", "networkSecurityGroup.id | ends_with(@, '/nsg')", True),
    RefusedByAzure(f"network nsg delete {_G} --name nsg",
                   "InUseNetworkSecurityGroupCannotBeDeleted"),
    Passes(f"network public-ip create {_G} --name ip --sku Standard", "publicIp.ipAddress | "
           "starts_with(@, '127.')", True),
    Passes(f"network public-ip list {_G}", "[].name", ["ip"]),
    Passes(f"network public-ip show {_G} --name ip", "sku.name", "Standard"),
    Passes(f"network public-ip update {_G} --name ip --idle-timeout 10", "idleTimeoutInMinutes",
           10),
    RefusedByAzure(f"network public-ip create {_G} --name basic --sku Basic",
                   "IPv4BasicSkuPublicIpCountLimitReached"),
    Passes(f"network public-ip create {_G} --name out", "publicIp.name", "out"),
    Passes(f"network nat gateway create {_G} --name nat --public-ip-addresses out",
           "provisioningState", "Succeeded"),
    Passes(f"network nat gateway show {_G} --name nat", "idleTimeoutInMinutes", 4),
    Passes(f"network nat gateway list {_G}", "[].name", ["nat"]),
    Passes(f"network vnet subnet update {_G} --vnet-name net --name apps --nat-gateway nat",
           "natGateway.id | ends_with(@, '/nat')", True),
    Passes(f"network nic create {_G} --name nic --vnet-name net --subnet default",
           "NewNIC.ipConfigurations[0].privateIPAddress | starts_with(@, '127.')", True),
    Passes(f"network nic list {_G}", "[].name", ["nic"]),
    Passes(f"network nic show {_G} --name nic", "provisioningState", "Succeeded"),
    Passes(f"network nic ip-config list {_G} --nic-name nic", "[].name", ["ipconfig1"]),
    Passes(f"network nic ip-config show {_G} --nic-name nic --name ipconfig1", "primary", True),
    Passes(f"network nic update {_G} --name nic --network-security-group nsg",
           "networkSecurityGroup.id | ends_with(@, '/nsg')", True),
    Passes("network list-usages --location westeurope",
           "[?localName=='LoadBalancers' || name.value=='LoadBalancers'] | [0].currentValue | "
           "to_number(@)", 0),
    Passes(f"network private-dns zone create {_G} --name claims.internal", "name",
           "claims.internal"),
    Passes(f"network private-dns zone list {_G}", "[].name", ["claims.internal"]),
    Passes(f"network private-dns record-set txt create {_G} --zone-name claims.internal "
           "--name web", "ttl", 3600),
    Passes(f"network private-dns record-set txt show {_G} --zone-name claims.internal --name web",
           "name", "web"),
    Passes(f"network private-dns zone delete {_G} --name claims.internal --yes", "length(@)", 0,
           then=f"network private-dns zone list {_G}"),
    NotServed(f"network route-table create {_G} --name routes", "Microsoft.Network/routeTables"),
    NotServed(f"network application-gateway list {_G}", "Microsoft.Network/applicationGateways"),
    NotServed(f"network vnet peering list {_G} --vnet-name net", "virtualNetworkPeerings"),
    NotServed(f"network asg create {_G} --name asg", "Microsoft.Network/applicationSecurityGroups"),
    NotServed(f"network dns zone create {_G} --name example.com", "Microsoft.Network/dnsZones"),
    NotServed("network list-service-tags --location westeurope", "serviceTags"),
    NotServed("network watcher list", "Microsoft.Network/networkWatchers"),
    NotServed(f"network public-ip prefix create {_G} --name prefix --length 30",
              "Microsoft.Network/publicIPPrefixes"),
)  # fmt: skip

BALANCER: tuple[Command, ...] = (
    Passes(f"network lb create {_G} --name lb --sku Standard --public-ip-address ip "
           "--backend-pool-name blue --frontend-ip-name production",
           "loadBalancer.provisioningState", "Succeeded"),
    Passes(f"network lb list {_G}", "[].name", ["lb"]),
    Passes(f"network lb show {_G} --name lb", "sku.name", "Standard"),
    Passes(f"network lb address-pool create {_LB} --name green", "name", "green"),
    Passes(f"network lb address-pool list {_LB}", "[].name", ["blue", "green"]),
    Passes(f"network lb address-pool show {_LB} --name green", "provisioningState", "Succeeded"),
    Passes(f"network lb list-mapping {_G} --name lb --backend-pool-name green --request "
           "ip=10.0.0.4", "inboundNatRulePortMappings", []),
    Passes(f"network lb frontend-ip list {_LB}", "[].name", ["production"]),
    Passes(f"network lb frontend-ip show {_LB} --name production", "name", "production"),
    Passes(f"network public-ip create {_G} --name staging", "publicIp.name", "staging"),
    Passes(f"network lb frontend-ip create {_LB} --name staging --public-ip-address staging",
           "name", "staging"),
    Passes(f"network lb probe create {_LB} --name health --protocol Http --port 8080 "
           "--path /healthz", "requestPath", "/healthz"),
    Passes(f"network lb probe list {_LB}", "[].name", ["health"]),
    Passes(f"network lb probe show {_LB} --name health", "port", 8080),
    Passes(f"network lb probe update {_LB} --name health --interval 10", "intervalInSeconds", 10),
    Passes(f"network lb rule create {_LB} --name http --protocol Tcp --frontend-ip production "
           "--frontend-port 8080 --backend-port 8080 --backend-pool-name blue --probe-name health",
           "backendAddressPool.id | ends_with(@, '/blue')", True),
    Passes(f"network lb rule list {_LB}", "[].name", ["http"]),
    Passes(f"network lb rule show {_LB} --name http", "frontendPort", 8080),
    Passes(f"network lb rule update {_LB} --name http --backend-pool-name green",
           "backendAddressPool.id | ends_with(@, '/green')", True),
    RefusedByAzure(f"network lb rule create {_LB} --name again --protocol Tcp --frontend-ip "
                   "production --frontend-port 8080 --backend-port 8081 --backend-pool-name blue",
                   "RulesUseSameFrontendPortProtocolAndIPConfig"),
    Passes(f"network lb inbound-nat-rule create {_LB} --name ssh --protocol Tcp "
           "--frontend-ip production --frontend-port 50022 --backend-port 22", "backendPort", 22),
    Passes(f"network lb inbound-nat-rule list {_LB}", "[].name", ["ssh"]),
    Passes(f"network lb inbound-nat-rule show {_LB} --name ssh", "frontendPort", 50022),
    Passes(f"network nic ip-config inbound-nat-rule add {_G} --nic-name nic --ip-config-name "
           "ipconfig1 --lb-name lb --inbound-nat-rule ssh",
           "loadBalancerInboundNatRules[0].id | ends_with(@, '/ssh')", True),
    Passes(f"network nic ip-config inbound-nat-rule remove {_G} --nic-name nic --ip-config-name "
           "ipconfig1 --lb-name lb --inbound-nat-rule ssh", "loadBalancerInboundNatRules", None),
    Passes(f"network lb inbound-nat-rule delete {_LB} --name ssh", "length(@)", 0,
           then=f"network lb inbound-nat-rule list {_LB}"),
    Passes(f"network lb inbound-nat-pool create {_LB} --name many --protocol Tcp --frontend-ip "
           "staging --frontend-port-range-start 50000 --frontend-port-range-end 50009 "
           "--backend-port 22", "frontendPortRangeEnd", 50009),
    Passes(f"network lb inbound-nat-pool list {_LB}", "[].name", ["many"]),
    Passes(f"network lb inbound-nat-pool delete {_LB} --name many", "length(@)", 0,
           then=f"network lb inbound-nat-pool list {_LB}"),
    Passes(f"network lb outbound-rule create {_LB} --name out --protocol All --address-pool blue "
           "--frontend-ip-configs staging", "name", "out"),
    Passes(f"network lb outbound-rule list {_LB}", "[].name", ["out"]),
    Passes(f"network lb outbound-rule delete {_LB} --name out", "length(@)", 0,
           then=f"network lb outbound-rule list {_LB}"),
    Passes(f"network nic ip-config address-pool add {_G} --nic-name nic --ip-config-name "
           "ipconfig1 --lb-name lb --address-pool green",
           "loadBalancerBackendAddressPools[0].id | ends_with(@, '/green')", True),
    Passes(f"network lb list-nic {_G} --name lb", "[].name", ["nic"]),
    Passes(f"network nic ip-config address-pool remove {_G} --nic-name nic --ip-config-name "
           "ipconfig1 --lb-name lb --address-pool green", "loadBalancerBackendAddressPools", None),
    RefusedByAzure(f"network public-ip delete {_G} --name ip", "PublicIPAddressCannotBeDeleted"),
    Passes(f"network lb rule delete {_LB} --name http", "length(@)", 0,
           then=f"network lb rule list {_LB}"),
    Passes(f"network lb probe delete {_LB} --name health", "length(@)", 0,
           then=f"network lb probe list {_LB}"),
    Passes(f"network lb address-pool delete {_LB} --name green", "[].name", ["blue"],
           then=f"network lb address-pool list {_LB}"),
    RefusedByAzure(f"network lb create {_G} --name basic --sku Basic",
                   "IPv4BasicSkuPublicIpCountLimitReached"),
    Passes(f"network lb delete {_G} --name lb", "length(@)", 0, then=f"network lb list {_G}"),
    Passes(f"network nic delete {_G} --name nic", "length(@)", 0, then=f"network nic list {_G}"),
    Passes("group delete --name rg-network --yes", "@", False,
           then="group exists --name rg-network"),
)  # fmt: skip
