# Generalizes this machine: Sysprep, and then the wait until Windows says that it is an image.
# Microsoft's pages: "Remove machine specific information by deprovisioning or generalizing a VM", and
# that of Packer for Windows images. Without /mode:vm, which keeps the hardware it was made on.
$ErrorActionPreference = 'Stop'

if ($Env:IMAGE_FILES) {
    Remove-Item $Env:IMAGE_FILES -Recurse -Force
}

# Sysprep takes the machine away from under an agent that is at work.
$services = Get-Service -Name RdAgent, WindowsAzureGuestAgent -ErrorAction SilentlyContinue
foreach ($service in $services) {
    $service.WaitForStatus('Running', [TimeSpan]::FromMinutes(15))
}

# What an earlier Sysprep of the base left would be taken for this one's.
$panther = "$Env:SystemRoot\Panther"
if (Test-Path $panther) {
    Remove-Item $panther -Recurse -Force -ErrorAction SilentlyContinue
}
$answers = "$Env:SystemRoot\System32\Sysprep\unattend.xml"
if (Test-Path $answers) {
    Remove-Item $answers -Force
}

$sysprep = "$Env:SystemRoot\System32\Sysprep\Sysprep.exe"
& $sysprep /oobe /generalize /quiet /quit

$wanted = 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE'
$setup = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State'
$last = (Get-Date).AddMinutes(30)
do {
    $state = (Get-ItemProperty $setup).ImageState
    Write-Output "image state: $state"
    if ($state -eq $wanted) {
        exit 0
    }
    Start-Sleep -Seconds 5
} while ((Get-Date) -lt $last)

# Its log says which application or update kept it from generalizing.
$log = "$Env:SystemRoot\System32\Sysprep\Panther\setuperr.log"
if (Test-Path $log) {
    Get-Content $log -Tail 20
}
Write-Error "Sysprep left the image state $state after 30 minutes, not $wanted"
exit 1
