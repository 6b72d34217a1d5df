"""Sensors: devices, suppliers' hooks, alarms that become cases; docs/sensors.md."""
