using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Server.Ingestion.Files;

/// <summary>One file to read, and what its place says about it.</summary>
/// <param name="Path">As given or found; <c>-</c> is standard input.</param>
/// <param name="Service">For records that name none: from the container's folder or the file's name.</param>
/// <param name="Kind">Logs, or what a telemetry folder says that the file holds.</param>
/// <param name="Bytes">Size on disk; 0 when unknown.</param>
internal sealed record LogInput(string Path, string Service, TelemetryKind Kind, long Bytes)
{
    public const string StandardInput = "-";
}
