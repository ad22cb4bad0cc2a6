# IIS and the shop. The role opens port 80 in the machine's own firewall.
$ErrorActionPreference = 'Stop'

Install-WindowsFeature -Name Web-Server | Out-Null

$site = 'C:\inetpub\wwwroot'
Copy-Item -Path "$Env:IMAGE_FILES\*" -Destination $site -Recurse -Force

# What instances are asked: how they are, and of which version.
$health = @{ ApplicationHealthState = 'Healthy'; version = $Env:IMAGE_VERSION }
$health | ConvertTo-Json | Set-Content -Path "$site\healthz.json" -Encoding Ascii

Set-Service -Name W3SVC -StartupType Automatic
