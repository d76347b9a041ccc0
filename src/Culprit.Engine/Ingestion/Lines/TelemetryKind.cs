namespace Culprit.Engine.Ingestion.Lines;

/// <summary>What a file of a telemetry folder holds, one JSON object a line.</summary>
internal enum TelemetryKind : byte
{
    Logs = 0,
    Metrics,
    Traces,
    Changes,
}
