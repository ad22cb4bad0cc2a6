"""Commands about machines, disks, images, galleries and scale sets."""

from __future__ import annotations

from tests.conformance_az.expected import Command, NotServed, Passes, ReadAlike, RefusedByAzure

_IMAGE = "Debian:debian-12:12-gen2:latest"
_VM = "--resource-group rg-compute --name vm"
_G = "--resource-group rg-compute"
_GALLERY = "--resource-group rg-compute --gallery-name gallery"
_DEFINITION = f"{_GALLERY} --gallery-image-definition web"
_VERSION = (
    "/subscriptions/{subscription}/resourceGroups/rg-compute/providers/Microsoft.Compute"
    "/galleries/gallery/images/web/versions/1.0.0"
)
_HOW = "--admin-username azureuser --generate-ssh-keys"
_HEALTH = (
    "--publisher Microsoft.ManagedServices --settings "
    '\'{{"protocol": "http", "port": 8080, "requestPath": "/healthz"}}\''
)

CATALOGUE: tuple[Command, ...] = (
    Passes("vm list-skus --location westeurope --size Standard_D2s_v5 --resource-type "
           "virtualMachines", "[].family", ["standardDSv5Family"]),
    Passes("vm list-sizes --location westeurope", "[?name=='Standard_D2s_v5'].numberOfCores", [2]),
    Passes("vm list-usage --location westeurope", "[?name.value=='cores'] | length(@)", 1),
    Passes("vm image list-publishers --location westeurope", "[?name=='Debian'] | length(@)", 1),
    Passes("vm image list-offers --location westeurope --publisher Debian",
           "[?name=='debian-12'] | length(@)", 1),
    Passes("vm image list-skus --location westeurope --publisher Debian --offer debian-12",
           "[?name=='12-gen2'] | length(@)", 1),
    Passes("vm image list --location westeurope --publisher Debian --offer debian-12 --sku 12-gen2 "
           "--all", "[0].publisher", "Debian"),
    Passes(f"vm image show --location westeurope --urn {_IMAGE}", "hyperVGeneration", "V2"),
    Passes("vm image list-skus --location westeurope --publisher Debian --offer none", "@", []),
)  # fmt: skip

MACHINES: tuple[Command, ...] = (
    Passes("group create --name rg-compute --location westeurope", "name", "rg-compute"),
    Passes(f"vm create {_VM} --image {_IMAGE} {_HOW}", "powerState", "VM running"),
    Passes(f"vm show {_VM}", "storageProfile.imageReference.publisher", "Debian"),
    Passes(f"vm show {_VM} --show-details", "powerState", "VM running"),
    Passes(f"vm list {_G}", "[].name", ["vm"]),
    Passes(f"vm list {_G} --show-details", "[].powerState", ["VM running"]),
    Passes(f"vm get-instance-view {_VM}", "instanceView.statuses[].code",
           ["ProvisioningState/succeeded", "PowerState/running"]),
    Passes(f"vm list-ip-addresses {_VM}",
           "[0].virtualMachine.network.privateIpAddresses[0] | starts_with(@, '127.')", True),
    Passes(f"vm nic list {_G} --vm-name vm", "length(@)", 1),
    Passes(f"vm open-port {_VM} --port 8080", "securityRules[?name=='open-port-8080'] | length(@)",
           1),
    Passes(f"vm update {_VM} --set tags.owner=sre", "tags.owner", "sre"),
    Passes(f"vm identity assign {_VM}", "systemAssignedIdentity | length(@)", 36),
    Passes(f"vm identity show {_VM}", "type", "SystemAssigned"),
    Passes(f"vm identity remove {_VM}", "identity", None, then=f"vm show {_VM}"),
    Passes(f"vm run-command invoke {_VM} --command-id RunShellScript --scripts 'echo swap'",
           "value[0].message | contains(@, 'swap')", True),
    Passes("vm run-command list --location westeurope", "[?id=='RunShellScript'] | length(@)", 1),
    Passes(f"vm boot-diagnostics enable {_VM}", "diagnosticsProfile.bootDiagnostics.enabled", True,
           then=f"vm show {_VM}"),
    Passes(f"vm boot-diagnostics get-boot-log-uris {_VM}",
           "serialConsoleLogBlobUri | starts_with(@, 'https://')", True),
    Passes(f"vm boot-diagnostics get-boot-log {_VM}", "@",
           "Debian GNU/Linux 12 vm ttyS0\n"),
    Passes(f"vm extension set {_G} --vm-name vm --name ApplicationHealthLinux {_HEALTH}",
           "provisioningState", "Succeeded"),
    Passes(f"vm extension list {_G} --vm-name vm", "[].name", ["ApplicationHealthLinux"]),
    Passes(f"vm extension show {_G} --vm-name vm --name ApplicationHealthLinux", "publisher",
           "Microsoft.ManagedServices"),
    ReadAlike("Microsoft.Compute/virtualMachines/extensions",
              f"vm extension show {_G} --vm-name vm --name ApplicationHealthLinux",
              f"vm extension list {_G} --vm-name vm"),
    ReadAlike("Microsoft.Compute/virtualMachines", f"vm show {_VM}", f"vm list {_G}"),
    ReadAlike("Microsoft.Compute/virtualMachines/instanceView", f"vm get-instance-view {_VM}"),
    Passes(f"vm extension delete {_G} --vm-name vm --name ApplicationHealthLinux", "length(@)", 0,
           then=f"vm extension list {_G} --vm-name vm"),
    Passes(f"vm extension set {_G} --vm-name vm --name CustomScript --publisher "
           "Microsoft.Azure.Extensions --settings '{{\"commandToExecute\": \"true\"}}'",
           "provisioningState", "Succeeded"),
    Passes(f"vm list-vm-resize-options {_VM}", "[?name=='Standard_D4s_v5'] | length(@)", 1),
    Passes(f"vm resize {_VM} --size Standard_D4s_v5", "hardwareProfile.vmSize", "Standard_D4s_v5"),
    Passes(f"vm restart {_VM}", "powerState", "VM running", then=f"vm show {_VM} --show-details"),
    Passes(f"vm stop {_VM}", "powerState", "VM stopped", then=f"vm show {_VM} --show-details"),
    Passes(f"vm start {_VM}", "powerState", "VM running", then=f"vm show {_VM} --show-details"),
    Passes(f"disk list {_G}", "[].diskState", ["Attached"]),
    ReadAlike("Microsoft.Compute/disks", f"disk list {_G} --query [0]", f"disk list {_G}"),
    RefusedByAzure(f"vm generalize {_VM}", "OperationNotAllowed"),
    Passes(f"vm deallocate {_VM}", "powerState", "VM deallocated",
           then=f"vm show {_VM} --show-details"),
    Passes(f"vm generalize {_VM}", "instanceView.statuses[?code=='OSState/generalized'] | "
           "length(@)", 1, then=f"vm get-instance-view {_VM}"),
    RefusedByAzure(f"vm start {_VM}", "OperationNotAllowed"),
    Passes(f"vm wait {_VM} --created"),
    NotServed(f"vm reapply {_VM}", "reapply"),
    NotServed(f"vm simulate-eviction {_VM}", "simulateEviction"),
    NotServed(f"vm redeploy {_VM}", "redeploy"),
    NotServed(f"vm disk attach {_G} --vm-name vm --name data --new --size-gb 8",
              "dataDisks"),
    NotServed(f"vm availability-set create {_G} --name set", "availabilitySets"),
    NotServed(f"disk create {_G} --name data --size-gb 8", "a disk"),
    NotServed(f"snapshot list {_G}", "Microsoft.Compute/snapshots"),
    NotServed(f"ppg create {_G} --name near", "proximityPlacementGroups"),
    NotServed(f"vm host group list {_G}", "hostGroups"),
    NotServed(f"sshkey list {_G}", "sshPublicKeys"),
    NotServed(f"capacity reservation group list {_G}", "capacityReservationGroups"),
)  # fmt: skip

GALLERIES: tuple[Command, ...] = (
    Passes(f"image create {_G} --name web --source vm --hyper-v-generation V2",
           "sourceVirtualMachine.id | ends_with(@, '/vm')", True),
    Passes(f"image list {_G}", "[].name", ["web"]),
    Passes(f"image show {_G} --name web", "provisioningState", "Succeeded"),
    ReadAlike("Microsoft.Compute/images", f"image show {_G} --name web", f"image list {_G}"),
    Passes(f"sig create {_GALLERY}", "provisioningState", "Succeeded"),
    Passes(f"sig list {_G}", "[].name", ["gallery"]),
    Passes(f"sig show {_GALLERY}", "name", "gallery"),
    Passes(f"sig update {_GALLERY} --set tags.owner=sre", "tags.owner", "sre"),
    Passes(f"sig image-definition create {_DEFINITION} --publisher team --offer web --sku web "
           "--os-type Linux --os-state Generalized --hyper-v-generation V2", "osState",
           "Generalized"),
    Passes(f"sig image-definition list {_GALLERY}", "[].name", ["web"]),
    Passes(f"sig image-definition show {_DEFINITION}", "identifier.offer", "web"),
    Passes(f"sig image-definition update {_DEFINITION} --set description=web", "description",
           "web"),
    Passes(f"sig image-version create {_DEFINITION} --gallery-image-version 1.0.0 "
           f"--managed-image web --target-regions westeurope=1", "provisioningState", "Succeeded"),
    Passes(f"sig image-version list {_DEFINITION}", "[].name", ["1.0.0"]),
    Passes(f"sig image-version show {_DEFINITION} --gallery-image-version 1.0.0 --expand "
           "ReplicationStatus", "replicationStatus.aggregatedState", "Completed"),
    Passes(f"sig image-version update {_DEFINITION} --gallery-image-version 1.0.0 "
           "--set publishingProfile.excludeFromLatest=true",
           "publishingProfile.excludeFromLatest", True),
    Passes(f"sig image-version update {_DEFINITION} --gallery-image-version 1.0.0 "
           "--set publishingProfile.excludeFromLatest=false",
           "publishingProfile.excludeFromLatest", False),
    ReadAlike("Microsoft.Compute/galleries", f"sig show {_GALLERY}", f"sig list {_G}"),
    ReadAlike("Microsoft.Compute/galleries/images", f"sig image-definition show {_DEFINITION}",
              f"sig image-definition list {_GALLERY}"),
    ReadAlike("Microsoft.Compute/galleries/images/versions",
              f"sig image-version show {_DEFINITION} --gallery-image-version 1.0.0 --expand "
              "ReplicationStatus", f"sig image-version list {_DEFINITION}"),
    RefusedByAzure(f"sig delete {_GALLERY}", "CannotDeleteResource"),
    NotServed("sig list-shared --location westeurope", "sharedGalleries"),
    Passes(f"vm delete {_VM} --yes", "length(@)", 0, then=f"vm list {_G}"),
)  # fmt: skip

_SET = "--resource-group rg-compute --name web"
_UNIFORM = "--resource-group rg-compute --name uniform"
_UNIFORM_ID = (
    "/subscriptions/{subscription}/resourceGroups/rg-compute/providers/Microsoft.Compute"
    "/virtualMachineScaleSets/uniform"
)

SCALE_SETS: tuple[Command, ...] = (
    Passes(f"vmss create {_SET} --image {_VERSION} {_HOW}", "vmss.orchestrationMode", "Flexible"),
    Passes(f"vmss list-instances {_SET}", "length(@)", 2),
    Passes(f"vmss show {_SET}", "orchestrationMode", "Flexible"),
    Passes(f"vm list {_G}", "length([?virtualMachineScaleSet.id | ends_with(@, '/web')])", 2),
    ReadAlike("Microsoft.Compute/virtualMachineScaleSets", f"vmss show {_SET}",
              f"vmss list {_G}"),
    ReadAlike("Microsoft.Compute/virtualMachines", f"vm list {_G} --query [0]", f"vm list {_G}"),
    ReadAlike("Microsoft.Network/loadBalancers", f"network lb show {_G} --name webLB",
              f"network lb list {_G}"),
    RefusedByAzure(f"vmss get-instance-view {_SET}", "OperationNotAllowed"),
    Passes(f"vmss scale {_SET} --new-capacity 1", "length(@)", 1,
           then=f"vmss list-instances {_SET}"),
    Passes(f"vmss delete {_SET}", "[].name", [], then=f"vm list {_G}"),
    Passes(f"vmss create {_UNIFORM} --image {_VERSION} {_HOW} --orchestration-mode Uniform "
           "--upgrade-policy-mode Manual --instance-count 2 --lb-sku Standard",
           "vmss.provisioningState", "Succeeded"),
    Passes(f"vmss list {_G}", "[].name", ["uniform"]),
    Passes(f"vmss show {_UNIFORM}", "sku.capacity", 2),
    Passes(f"vmss list-instances {_UNIFORM}", "[].instanceId", ["0", "1"]),
    Passes(f"vmss list-instances {_UNIFORM} --expand instanceView",
           "[].instanceView.statuses[-1].code", ["PowerState/running", "PowerState/running"]),
    Passes(f"vmss get-instance-view {_UNIFORM}", "statuses[0].code",
           "ProvisioningState/succeeded"),
    Passes(f"vmss get-instance-view {_UNIFORM} --instance-id 0", "statuses[-1].code",
           "PowerState/running"),
    Passes(f"vmss list-skus {_UNIFORM}", "[?sku.name=='Standard_D2s_v5'] | length(@)", 1),
    Passes(f"vmss nic list {_G} --vmss-name uniform", "length(@)", 2),
    Passes(f"vmss nic list-vm-nics {_G} --vmss-name uniform --instance-id 0", "length(@)", 1),
    Passes(f"vmss list-instance-connection-info {_UNIFORM}", "length(@)", 2),
    Passes(f"vmss list-instance-public-ips {_UNIFORM}", "length(@)", 0),
    Passes(f"vmss update {_UNIFORM} --set tags.owner=sre", "tags.owner", "sre"),
    Passes(f"vmss extension set {_G} --vmss-name uniform --name ApplicationHealthLinux {_HEALTH}",
           "virtualMachineProfile.extensionProfile.extensions[].name", ["ApplicationHealthLinux"],
           then=f"vmss show {_UNIFORM}"),
    Passes(f"vmss extension list {_G} --vmss-name uniform", "[].name", ["ApplicationHealthLinux"]),
    Passes(f"vmss extension show {_G} --vmss-name uniform --name ApplicationHealthLinux",
           "publisher", "Microsoft.ManagedServices"),
    Passes(f"vmss update-instances {_UNIFORM} --instance-ids '*'", "[].latestModelApplied",
           [True, True], then=f"vmss list-instances {_UNIFORM}"),
    Passes(f"vmss identity assign {_UNIFORM}", "systemAssignedIdentity | length(@)", 36),
    ReadAlike("Microsoft.Compute/virtualMachineScaleSets", f"vmss show {_UNIFORM}",
              f"vmss list {_G}"),
    ReadAlike("Microsoft.Compute/virtualMachineScaleSets/instanceView",
              f"vmss get-instance-view {_UNIFORM}", id=f"{_UNIFORM_ID}/instanceView"),
    ReadAlike("Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
              f"vmss show {_UNIFORM} --instance-id 0", f"vmss list-instances {_UNIFORM}"),
    ReadAlike("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/instanceView",
              f"vmss get-instance-view {_UNIFORM} --instance-id 0",
              id=f"{_UNIFORM_ID}/virtualMachines/0/instanceView"),
    ReadAlike("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces",
              f"vmss nic list {_G} --vmss-name uniform --query [0]",
              f"vmss nic list {_G} --vmss-name uniform"),
    Passes(f"vmss extension delete {_G} --vmss-name uniform --name ApplicationHealthLinux",
           "length(virtualMachineProfile.extensionProfile.extensions || `[]`)", 0,
           then=f"vmss show {_UNIFORM}"),
    Passes(f"vmss identity show {_UNIFORM}", "type", "SystemAssigned"),
    Passes(f"vmss identity remove {_UNIFORM}", "identity", None, then=f"vmss show {_UNIFORM}"),
    RefusedByAzure(f"vmss rolling-upgrade get-latest {_UNIFORM}", "NotFound"),
    RefusedByAzure(f"vmss rolling-upgrade cancel {_UNIFORM}", "OperationNotAllowed"),
    Passes(f"vmss get-os-upgrade-history {_UNIFORM}", "length(@)", 0),
    Passes(f"vmss run-command invoke {_UNIFORM} --instance-id 0 --command-id RunShellScript "
           "--scripts 'echo swap'", "value[0].message | contains(@, 'swap')", True),
    Passes(f"vmss scale {_UNIFORM} --new-capacity 3", "length(@)", 3,
           then=f"vmss list-instances {_UNIFORM}"),
    Passes(f"vmss delete-instances {_UNIFORM} --instance-ids 2", "[].instanceId", ["0", "1"],
           then=f"vmss list-instances {_UNIFORM}"),
    Passes(f"vmss update {_UNIFORM} --instance-id 0 --protect-from-scale-in true",
           "protectionPolicy.protectFromScaleIn", True),
    Passes(f"vmss reimage {_UNIFORM} --instance-ids 0", "statuses[-1].code", "PowerState/running",
           then=f"vmss get-instance-view {_UNIFORM} --instance-id 0"),
    Passes(f"vmss restart {_UNIFORM}", "statuses[-1].code", "PowerState/running",
           then=f"vmss get-instance-view {_UNIFORM} --instance-id 0"),
    Passes(f"vmss stop {_UNIFORM}", "statuses[-1].code", "PowerState/stopped",
           then=f"vmss get-instance-view {_UNIFORM} --instance-id 1"),
    Passes(f"vmss start {_UNIFORM}", "statuses[-1].code", "PowerState/running",
           then=f"vmss get-instance-view {_UNIFORM} --instance-id 1"),
    Passes(f"vmss deallocate {_UNIFORM} --instance-ids 1", "statuses[-1].code",
           "PowerState/deallocated",
           then=f"vmss get-instance-view {_UNIFORM} --instance-id 1"),
    Passes(f"vmss wait {_UNIFORM} --created"),
    NotServed(f"vmss set-orchestration-service-state {_UNIFORM} --service-name AutomaticRepairs "
              "--action Resume", "setOrchestrationServiceState"),
    NotServed(f"vmss rolling-upgrade start {_UNIFORM}", "osRollingUpgrade"),
    NotServed(f"vmss perform-maintenance {_UNIFORM}", "performMaintenance"),
    Passes(f"monitor autoscale create {_G} --name auto --resource uniform --resource-type "
           "Microsoft.Compute/virtualMachineScaleSets --min-count 1 --max-count 4 --count 2",
           "profiles[0].capacity.maximum", "4"),
    Passes(f"monitor autoscale list {_G}", "[].name", ["auto"]),
    Passes(f"monitor autoscale show {_G} --name auto", "enabled", True),
    Passes(f"monitor autoscale update {_G} --name auto --max-count 6",
           "profiles[0].capacity.maximum", "6"),
    Passes(f"monitor autoscale rule create {_G} --autoscale-name auto --scale out 1 "
           "--condition 'Percentage CPU > 75 avg 5m'", "scaleAction.direction", "Increase"),
    ReadAlike("Microsoft.Insights/autoscaleSettings",
              f"monitor autoscale show {_G} --name auto", f"monitor autoscale list {_G}"),
    Passes(f"monitor autoscale delete {_G} --name auto", "length(@)", 0,
           then=f"monitor autoscale list {_G}"),
    Passes(f"vmss delete {_UNIFORM}", "length(@)", 0, then=f"vmss list {_G}"),
    Passes(f"sig image-version delete {_DEFINITION} --gallery-image-version 1.0.0", "length(@)", 0,
           then=f"sig image-version list {_DEFINITION}"),
    Passes(f"sig image-definition delete {_DEFINITION}", "length(@)", 0,
           then=f"sig image-definition list {_GALLERY}"),
    Passes(f"sig delete {_GALLERY}", "length(@)", 0, then=f"sig list {_G}"),
    Passes(f"image delete {_G} --name web", "length(@)", 0, then=f"image list {_G}"),
    Passes("group delete --name rg-compute --yes", "@", False,
           then="group exists --name rg-compute"),
)  # fmt: skip
