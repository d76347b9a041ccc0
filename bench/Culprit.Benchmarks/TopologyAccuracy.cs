using System.Globalization;
using Culprit.Engine;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.RootCause;
using Culprit.Engine.Topology;
using Culprit.Server.Analysis;
using Culprit.Server.Ingestion.Files;

namespace Culprit.Benchmarks;

/// <summary>How well the service graph that is learned from logs alone agrees with the one that the spans of the same folders show.</summary>
internal static class TopologyAccuracy
{
    private static readonly double[] Levels = [0.3, 0.4, 0.5, 0.55];

    /// <param name="folders">Telemetry folders of one system, with <c>logs</c> and <c>traces</c>; what they show is put together.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> folders)
    {
        var truth = new HashSet<(string Caller, string Callee)>();
        var learned = new Dictionary<(string Caller, string Callee), ServiceEdge>();
        foreach (var folder in folders)
        {
            truth.UnionWith((await LearnAsync(folder, TelemetryKind.Traces).ConfigureAwait(false)).Select(e => (e.Caller, e.Callee)));
            foreach (var edge in await LearnAsync(folder, TelemetryKind.Logs).ConfigureAwait(false))
            {
                var key = (edge.Caller, edge.Callee);
                learned[key] = learned.TryGetValue(key, out var known) && known.Confidence >= edge.Confidence ? known : edge;
            }
        }

        Write(truth, learned);
        return 0;
    }

    private static async Task<IReadOnlyList<ServiceEdge>> LearnAsync(string folder, TelemetryKind kind)
    {
        var inputs = LogInputs.Expand([folder], out _).Where(i => i.Kind == kind).ToList();
        var pipeline = new Pipeline(new PipelineOptions(), 1, new RootCauseRanker(RunbookLibrary.Empty));
        using var analysis = new FileAnalysis(inputs, 1, "default", TimeProvider.System);
        await analysis.RunAsync(pipeline, _ => { }, null, null, CancellationToken.None).ConfigureAwait(false);
        return [.. pipeline.Topology.SelectMany(t => t.Edges)];
    }

    private static void Write(HashSet<(string Caller, string Callee)> truth, Dictionary<(string Caller, string Callee), ServiceEdge> learned)
    {
        Say($"{truth.Count} edges in the spans");
        foreach (var level in Levels)
        {
            var sure = learned.Where(e => e.Value.Confidence >= level).Select(e => e.Key).ToList();
            var right = sure.Count(truth.Contains);
            Say($"confidence >= {level:0.00}: {sure.Count} edges from logs, precision {right / (double)Math.Max(1, sure.Count):0.00}, recall {right / (double)Math.Max(1, truth.Count):0.00}");
        }

        foreach (var (caller, callee) in truth.Where(t => !learned.ContainsKey(t)).Order())
        {
            Say($"missed  {caller} -> {callee}");
        }

        foreach (var edge in learned.Values.Where(e => e.Confidence >= 0.5 && !truth.Contains((e.Caller, e.Callee))))
        {
            Say($"wrong   {edge.Caller} -> {edge.Callee}: {edge.Reason}");
        }
    }

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
