# Waits until Azure's agent has ended first boot's own work. An image without the agent, or with one
# service of it, waits for what it has.
$ErrorActionPreference = 'Stop'

$services = Get-Service -Name RdAgent, WindowsAzureGuestAgent -ErrorAction SilentlyContinue
foreach ($service in $services) {
    Write-Output "waiting for the service $($service.Name)"
    $service.WaitForStatus('Running', [TimeSpan]::FromMinutes(15))
}
