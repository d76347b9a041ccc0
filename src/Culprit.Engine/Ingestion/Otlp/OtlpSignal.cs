namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>What a request of OTLP carries.</summary>
internal enum OtlpSignal : byte
{
    Logs,
    Traces,
    Metrics,
}
