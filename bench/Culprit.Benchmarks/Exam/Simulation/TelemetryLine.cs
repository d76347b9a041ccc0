using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>One line of <c>logs</c>, <c>metrics</c>, <c>traces</c> or <c>changes</c> <c>.jsonl</c>, without its line feed.</summary>
/// <param name="ArrivalMs">When it was written down, milliseconds since the simulation's start; its own timestamp may lie elsewhere.</param>
/// <param name="Sample">Of a span: a value from 0 to 99 that all spans of its trace share.</param>
internal readonly record struct TelemetryLine(double ArrivalMs, TelemetryKind Kind, byte Sample, byte[] Json);
