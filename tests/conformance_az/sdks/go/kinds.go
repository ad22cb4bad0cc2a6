package main

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/monitor/armmonitor"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/privatedns/armprivatedns"
)

// kinds are all types that are read; those of the programs in other languages are the same.
func kinds(
	subscription string, credential azcore.TokenCredential, options *arm.ClientOptions,
) (map[string]kind, error) {
	network, err := armnetwork.NewClientFactory(subscription, credential, options)
	if err != nil {
		return nil, err
	}
	compute, err := armcompute.NewClientFactory(subscription, credential, options)
	if err != nil {
		return nil, err
	}
	monitor, err := armmonitor.NewClientFactory(subscription, credential, options)
	if err != nil {
		return nil, err
	}
	names, err := armprivatedns.NewClientFactory(subscription, credential, options)
	if err != nil {
		return nil, err
	}
	all := networks(network)
	maps.Copy(all, balancers(network))
	maps.Copy(all, zones(names))
	maps.Copy(all, machines(compute))
	maps.Copy(all, galleries(compute))
	maps.Copy(all, scaleSets(compute, network))
	settings := monitor.NewAutoscaleSettingsClient()
	all["Microsoft.Insights/autoscaleSettings"] = kind{
		get2(settings.Get, nil), pages1(settings.NewListByResourceGroupPager),
	}
	return all, nil
}

func networks(clients *armnetwork.ClientFactory) map[string]kind {
	networks, subnets := clients.NewVirtualNetworksClient(), clients.NewSubnetsClient()
	groups, rules := clients.NewSecurityGroupsClient(), clients.NewSecurityRulesClient()
	addresses, gateways := clients.NewPublicIPAddressesClient(), clients.NewNatGatewaysClient()
	interfaces := clients.NewInterfacesClient()
	return map[string]kind{
		"Microsoft.Network/virtualNetworks":         {get2(networks.Get, nil), pages1(networks.NewListPager)},
		"Microsoft.Network/virtualNetworks/subnets": {get3(subnets.Get, nil), pages2(subnets.NewListPager)},
		"Microsoft.Network/networkSecurityGroups":   {get2(groups.Get, nil), pages1(groups.NewListPager)},
		"Microsoft.Network/networkSecurityGroups/securityRules": {
			get3(rules.Get, nil), pages2(rules.NewListPager),
		},
		"Microsoft.Network/publicIPAddresses": {get2(addresses.Get, nil), pages1(addresses.NewListPager)},
		"Microsoft.Network/natGateways":       {get2(gateways.Get, nil), pages1(gateways.NewListPager)},
		"Microsoft.Network/networkInterfaces": {get2(interfaces.Get, nil), pages1(interfaces.NewListPager)},
	}
}

func balancers(clients *armnetwork.ClientFactory) map[string]kind {
	balancers, pools := clients.NewLoadBalancersClient(), clients.NewLoadBalancerBackendAddressPoolsClient()
	frontends, probes := clients.NewLoadBalancerFrontendIPConfigurationsClient(), clients.NewLoadBalancerProbesClient()
	rules, outbound := clients.NewLoadBalancerLoadBalancingRulesClient(), clients.NewLoadBalancerOutboundRulesClient()
	inbound := clients.NewInboundNatRulesClient()
	return map[string]kind{
		"Microsoft.Network/loadBalancers": {get2(balancers.Get, nil), pages1(balancers.NewListPager)},
		"Microsoft.Network/loadBalancers/backendAddressPools": {
			get3(pools.Get, nil), pages2(pools.NewListPager),
		},
		"Microsoft.Network/loadBalancers/frontendIPConfigurations": {
			get3(frontends.Get, nil), pages2(frontends.NewListPager),
		},
		"Microsoft.Network/loadBalancers/probes": {get3(probes.Get, nil), pages2(probes.NewListPager)},
		"Microsoft.Network/loadBalancers/loadBalancingRules": {
			get3(rules.Get, nil), pages2(rules.NewListPager),
		},
		"Microsoft.Network/loadBalancers/outboundRules": {
			get3(outbound.Get, nil), pages2(outbound.NewListPager),
		},
		"Microsoft.Network/loadBalancers/inboundNatRules": {
			get3(inbound.Get, nil), pages2(inbound.NewListPager),
		},
	}
}

func zones(clients *armprivatedns.ClientFactory) map[string]kind {
	zones, records := clients.NewPrivateZonesClient(), clients.NewRecordSetsClient()
	paged := &armprivatedns.RecordSetsClientListByTypeOptions{Top: to.Ptr[int32](1)}
	return map[string]kind{
		"Microsoft.Network/privateDnsZones": {get2(zones.Get, nil), pages1(zones.NewListByResourceGroupPager)},
		"Microsoft.Network/privateDnsZones/TXT": {
			func(ctx context.Context, n []string) (json.RawMessage, error) {
				return written(records.Get(ctx, n[0], n[1], armprivatedns.RecordTypeTXT, n[2], nil))
			},
			func(ctx context.Context, n []string) ([]json.RawMessage, error) {
				return items(ctx, records.NewListByTypePager(n[0], n[1], armprivatedns.RecordTypeTXT, paged))
			},
		},
	}
}

func machines(clients *armcompute.ClientFactory) map[string]kind {
	machines, extensions := clients.NewVirtualMachinesClient(), clients.NewVirtualMachineExtensionsClient()
	disks, images := clients.NewDisksClient(), clients.NewImagesClient()
	view := &armcompute.VirtualMachinesClientGetOptions{Expand: to.Ptr(armcompute.InstanceViewTypesInstanceView)}
	return map[string]kind{
		"Microsoft.Compute/virtualMachines":              {get2(machines.Get, nil), pages1(machines.NewListPager)},
		"Microsoft.Compute/virtualMachines/instanceView": {get2(machines.Get, view), alone},
		"Microsoft.Compute/virtualMachines/extensions": {
			get3(extensions.Get, nil), list2(extensions.List),
		},
		"Microsoft.Compute/disks":  {get2(disks.Get, nil), pages1(disks.NewListByResourceGroupPager)},
		"Microsoft.Compute/images": {get2(images.Get, nil), pages1(images.NewListByResourceGroupPager)},
	}
}

func galleries(clients *armcompute.ClientFactory) map[string]kind {
	galleries, definitions := clients.NewGalleriesClient(), clients.NewGalleryImagesClient()
	versions := clients.NewGalleryImageVersionsClient()
	status := &armcompute.GalleryImageVersionsClientGetOptions{
		Expand: to.Ptr(armcompute.ReplicationStatusTypesReplicationStatus),
	}
	return map[string]kind{
		"Microsoft.Compute/galleries": {
			get2(galleries.Get, nil), pages1(galleries.NewListByResourceGroupPager),
		},
		"Microsoft.Compute/galleries/images": {
			get3(definitions.Get, nil), pages2(definitions.NewListByGalleryPager),
		},
		"Microsoft.Compute/galleries/images/versions": {
			get4(versions.Get, status), pages3(versions.NewListByGalleryImagePager),
		},
	}
}

func scaleSets(clients *armcompute.ClientFactory, network *armnetwork.ClientFactory) map[string]kind {
	sets, instances := clients.NewVirtualMachineScaleSetsClient(), clients.NewVirtualMachineScaleSetVMsClient()
	interfaces := network.NewInterfacesClient()
	return map[string]kind{
		"Microsoft.Compute/virtualMachineScaleSets":              {get2(sets.Get, nil), pages1(sets.NewListPager)},
		"Microsoft.Compute/virtualMachineScaleSets/instanceView": {get2(sets.GetInstanceView, nil), alone},
		"Microsoft.Compute/virtualMachineScaleSets/virtualMachines": {
			get3(instances.Get, nil), pages2(instances.NewListPager),
		},
		"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/instanceView": {
			get3(instances.GetInstanceView, nil), alone,
		},
		"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces": {
			get4(interfaces.GetVirtualMachineScaleSetNetworkInterface, nil),
			pages2(interfaces.NewListVirtualMachineScaleSetNetworkInterfacesPager),
		},
	}
}
