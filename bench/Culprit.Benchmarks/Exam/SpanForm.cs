using Culprit.Benchmarks.Exam.Simulation;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Benchmarks.Exam;

/// <summary>How many of the traces reach the analysis.</summary>
internal enum SpanForm
{
    Complete,

    /// <summary>One trace in twenty, whole.</summary>
    Sampled,
    None,
}

/// <summary>Which lines a form of the telemetry has.</summary>
internal static class SpanForms
{
    private const byte SampledPercent = 5;

    public static bool Keeps(this SpanForm form, in TelemetryLine line) => line.Kind != TelemetryKind.Traces || form switch
    {
        SpanForm.Complete => true,
        SpanForm.Sampled => line.Sample < SampledPercent,
        _ => false,
    };
}
