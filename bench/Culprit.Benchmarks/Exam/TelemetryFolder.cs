using System.Text.Json;
using Culprit.Benchmarks.Exam.Faults;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Benchmarks.Exam;

/// <summary>Writes a case as <c>culprit analyze DIR</c> reads it: <c>logs</c>, <c>metrics</c>, <c>traces</c>, <c>changes</c> as <c>.jsonl</c>.</summary>
internal static class TelemetryFolder
{
    /// <summary>Writes the case into the folder and gives its labels, which are not written there.</summary>
    public static IReadOnlyList<FaultLabel> Write(ExamCase exam, string folder, SpanForm form)
    {
        Directory.CreateDirectory(folder);
        var (simulation, plan) = exam.Prepare();
        using (simulation)
        using (var logs = File.Create(Path.Combine(folder, "logs.jsonl")))
        using (var metrics = File.Create(Path.Combine(folder, "metrics.jsonl")))
        using (var traces = form == SpanForm.None ? Stream.Null : File.Create(Path.Combine(folder, "traces.jsonl")))
        using (var changes = File.Create(Path.Combine(folder, "changes.jsonl")))
        {
            foreach (var second in simulation.Seconds())
            {
                foreach (var line in second)
                {
                    if (form.Keeps(line))
                    {
                        var file = line.Kind switch
                        {
                            TelemetryKind.Logs => logs,
                            TelemetryKind.Metrics => metrics,
                            TelemetryKind.Traces => traces,
                            _ => changes,
                        };
                        file.Write(line.Json);
                        file.WriteByte((byte)'\n');
                    }
                }
            }

            return plan?.Labels(simulation) ?? [];
        }
    }

    public static void WriteLabels(string file, IEnumerable<FaultLabel> labels) =>
        File.WriteAllLines(file, labels.Select(l => JsonSerializer.Serialize(l)));
}
