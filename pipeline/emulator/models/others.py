"""Models of the types that the locked azure-mgmt packages do not know, each with its source.

Written as `table.json` is; the names of the packages that have them are no dependencies of ours.
"""

from __future__ import annotations

from typing import Any

_ZONE = "Microsoft.Network/privateDnsZones"
_AUTOSCALE = "Microsoft.Insights/autoscaleSettings"
_LONG = {"codes": [200, 201, 202], "long": True}
_GONE = {"codes": [200, 202, 204]}

OTHERS: dict[str, dict[str, Any]] = {
    "types": {
        # azure-mgmt-privatedns 1.2.0 (api-version 2024-06-01), its models and operations
        _ZONE: {
            "package": "others",
            "operations": {
                "PUT": {"api": "2024-06-01", "body": "PrivateZone", "answer": "PrivateZone"}
                | _LONG,
                "PATCH": {"api": "2024-06-01", "body": "PrivateZone", "answer": "PrivateZone"}
                | _LONG,
                "GET": {"api": "2024-06-01", "codes": [200], "answer": "PrivateZone"},
                "GET *": {
                    "api": "2024-06-01",
                    "codes": [200],
                    "answer": "PrivateZone",
                    "many": True,
                },
                "DELETE": {"api": "2024-06-01", "long": True} | _GONE,
            },
        },
        f"{_ZONE}/TXT": {
            "package": "others",
            "operations": {
                "PUT": {
                    "api": "2024-06-01",
                    "codes": [200, 201],
                    "body": "RecordSet",
                    "answer": "RecordSet",
                },
                "PATCH": {
                    "api": "2024-06-01",
                    "codes": [200],
                    "body": "RecordSet",
                    "answer": "RecordSet",
                },
                "GET": {"api": "2024-06-01", "codes": [200], "answer": "RecordSet"},
                "GET *": {"api": "2024-06-01", "codes": [200], "answer": "RecordSet", "many": True},
                "DELETE": {"api": "2024-06-01", "codes": [200, 204]},
            },
        },
        # azure-mgmt-monitor 7.0.0 (api-version 2022-10-01)
        _AUTOSCALE: {
            "package": "others",
            "operations": {
                "PUT": {
                    "api": "2022-10-01",
                    "codes": [200, 201],
                    "body": "AutoscaleSetting",
                    "answer": "AutoscaleSetting",
                },
                "GET": {"api": "2022-10-01", "codes": [200], "answer": "AutoscaleSetting"},
                "GET *": {
                    "api": "2022-10-01",
                    "codes": [200],
                    "answer": "AutoscaleSetting",
                    "many": True,
                },
                "DELETE": {"api": "2022-10-01", "codes": [200, 204]},
            },
        },
    },
    "models": {
        "others": {
            # azure-mgmt-resource: GenericResource; its properties are any object
            "Resource": {
                "etag": "string",
                "extendedLocation": "any",
                "id": "string ro",
                "identity": "any",
                "kind": "string",
                "location": "string",
                "managedBy": "string",
                "name": "string",
                "plan": "any",
                "properties": "{any}",
                "sku": "any",
                "tags": "{string}",
                "type": "string ro",
                "zones": "[string]",
            },
            "PrivateZone": {
                "etag": "string",
                "id": "string ro",
                "location": "string",
                "name": "string ro",
                "properties": "PrivateZoneProperties",
                "tags": "{string}",
                "type": "string ro",
            },
            "PrivateZoneProperties": {
                "internalId": "string ro",
                "maxNumberOfRecordSets": "integer ro",
                "maxNumberOfVirtualNetworkLinks": "integer ro",
                "maxNumberOfVirtualNetworkLinksWithRegistration": "integer ro",
                "numberOfRecordSets": "integer ro",
                "numberOfVirtualNetworkLinks": "integer ro",
                "numberOfVirtualNetworkLinksWithRegistration": "integer ro",
                "provisioningState": "string ro",
            },
            # a set may hold records of its own type only: those of others are refused by its kind
            "RecordSet": {
                "etag": "string",
                "id": "string ro",
                "name": "string ro",
                "properties": "RecordSetProperties",
                "type": "string ro",
            },
            "RecordSetProperties": {
                "aRecords": "any",
                "aaaaRecords": "any",
                "cnameRecord": "any",
                "fqdn": "string ro",
                "isAutoRegistered": "boolean ro",
                "metadata": "{string}",
                "mxRecords": "any",
                "ptrRecords": "any",
                "soaRecord": "any",
                "srvRecords": "any",
                "ttl": "integer",
                "txtRecords": "[TxtRecord]",
            },
            "TxtRecord": {"value": "[string]"},
            "AutoscaleSetting": {
                "id": "string ro",
                "location": "string req",
                "name": "string ro",
                "properties": "AutoscaleSettingProperties req",
                "systemData": "any ro",
                "tags": "{string}",
                "type": "string ro",
            },
            "AutoscaleSettingProperties": {
                "enabled": "boolean",
                "name": "string",
                "notifications": "[AutoscaleNotification]",
                "predictiveAutoscalePolicy": "PredictiveAutoscalePolicy",
                "profiles": "[AutoscaleProfile] req",
                "targetResourceLocation": "string",
                "targetResourceUri": "string",
            },
            "AutoscaleProfile": {
                "capacity": "ScaleCapacity req",
                "fixedDate": "TimeWindow",
                "name": "string req",
                "recurrence": "Recurrence",
                "rules": "[ScaleRule] req",
            },
            "AutoscaleNotification": {
                "email": "EmailNotification",
                "operation": "OperationType req",
                "webhooks": "[WebhookNotification]",
            },
            "EmailNotification": {
                "customEmails": "[string]",
                "sendToSubscriptionAdministrator": "boolean",
                "sendToSubscriptionCoAdministrators": "boolean",
            },
            "MetricTrigger": {
                "dimensions": "[ScaleRuleMetricDimension]",
                "dividePerInstance": "boolean",
                "metricName": "string req",
                "metricNamespace": "string",
                "metricResourceLocation": "string",
                "metricResourceUri": "string req",
                "operator": "ComparisonOperationType req",
                "statistic": "MetricStatisticType req",
                "threshold": "number req",
                "timeAggregation": "TimeAggregationType req",
                "timeGrain": "string req",
                "timeWindow": "string req",
            },
            "PredictiveAutoscalePolicy": {
                "scaleLookAheadTime": "string",
                "scaleMode": "PredictiveAutoscalePolicyScaleMode req",
            },
            "Recurrence": {
                "frequency": "RecurrenceFrequency req",
                "schedule": "RecurrentSchedule req",
            },
            "RecurrentSchedule": {
                "days": "[string] req",
                "hours": "[integer] req",
                "minutes": "[integer] req",
                "timeZone": "string req",
            },
            "ScaleAction": {
                "cooldown": "string req",
                "direction": "ScaleDirection req",
                "type": "ScaleType req",
                "value": "string",
            },
            "ScaleCapacity": {
                "default": "string req",
                "maximum": "string req",
                "minimum": "string req",
            },
            "ScaleRule": {
                "metricTrigger": "MetricTrigger req",
                "scaleAction": "ScaleAction req",
            },
            "ScaleRuleMetricDimension": {
                "DimensionName": "string req",
                "Operator": "ScaleRuleMetricDimensionOperationType req",
                "Values": "[string] req",
            },
            "TimeWindow": {
                "end": "datetime req",
                "start": "datetime req",
                "timeZone": "string",
            },
            "WebhookNotification": {"properties": "{string}", "serviceUri": "string"},
        }
    },
    "enums": {
        "others": {
            "ComparisonOperationType": [
                "Equals",
                "GreaterThan",
                "GreaterThanOrEqual",
                "LessThan",
                "LessThanOrEqual",
                "NotEquals",
            ],
            "MetricStatisticType": ["Average", "Count", "Max", "Min", "Sum"],
            "OperationType": ["Scale"],
            "PredictiveAutoscalePolicyScaleMode": ["Disabled", "Enabled", "ForecastOnly"],
            "RecurrenceFrequency": [
                "Day",
                "Hour",
                "Minute",
                "Month",
                "None",
                "Second",
                "Week",
                "Year",
            ],
            "ScaleDirection": ["Decrease", "Increase", "None"],
            "ScaleRuleMetricDimensionOperationType": ["Equals", "NotEquals"],
            "ScaleType": [
                "ChangeCount",
                "ExactCount",
                "PercentChangeCount",
                "ServiceAllowedNextValue",
            ],
            "TimeAggregationType": [
                "Average",
                "Count",
                "Last",
                "Maximum",
                "Minimum",
                "Total",
            ],
        }
    },
}
