namespace Culprit.Server.Ingestion.Otlp;

/// <summary>Marks a route of OTLP: what an address that serves only OTLP serves.</summary>
internal sealed class OtlpRoute;
