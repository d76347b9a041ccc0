using System.Diagnostics;
using System.Globalization;
using System.Text;
using Culprit.Engine.Flows;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;
using Culprit.Server.Analysis;
using Culprit.Server.Ingestion.Files;

namespace Culprit.Benchmarks;

/// <summary>How fast one thread follows sessions, and what its verdicts are with other settings than the defaults.</summary>
internal static class FlowsBenchmark
{
    public static int Run(string input, string output, string[] settings)
    {
        var batches = LogFileReader
            .Open(new LogInput(input, "unknown", TelemetryKind.Logs, 0), Stream.Null, "default", TimeProvider.System)
            .Read(CancellationToken.None).ToList();
        var miners = new Dictionary<string, PatternMiner>(StringComparer.Ordinal);
        var mined = batches.Select(b => Mine(b, miners)).ToList();
        var stage = new FlowStage(settings.Aggregate(new FlowOptions(), With), (service, id) => miners[service].Text(id));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();
        long records = 0;
        foreach (var (batch, steps) in batches.Zip(mined))
        {
            for (var i = 0; i < batch.Count; i++, records++)
            {
                stage.Observe(batch[i], steps[i].Service, steps[i].Pattern, batch[i].TimestampNanos);
                if (records % 100 == 0)
                {
                    stage.Tick(batch[i].TimestampNanos);
                }
            }
        }

        stage.Finish();
        watch.Stop();
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(batches);
        GC.KeepAlive(mined);
        using var sessions = new SessionsFile(File.Create(output));
        var count = 0;
        foreach (var verdict in stage.Verdicts())
        {
            sessions.Add(verdict);
            count++;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{records} records, {count} sessions: {records / watch.Elapsed.TotalSeconds / 1000:0} k records/s, {held / 1e6:0.0} MB held, {held / Math.Max(1, count)} B a session, {stage.Unfollowed} not followed"));
        return 0;
    }

    private static FlowStep[] Mine(RecordBatch batch, Dictionary<string, PatternMiner> miners)
    {
        var steps = new FlowStep[batch.Count];
        for (var i = 0; i < steps.Length; i++)
        {
            var service = Encoding.UTF8.GetString(batch[i].Service);
            if (!miners.TryGetValue(service, out var miner))
            {
                miners.Add(service, miner = new PatternMiner(new PatternOptions()));
            }

            steps[i] = new FlowStep(service, miner.Resolve(miner.Assign(batch[i].Body)));
        }

        return steps;
    }

    private static FlowOptions With(FlowOptions options, string setting)
    {
        var parts = setting.Split('=');
        var value = double.Parse(parts[1], CultureInfo.InvariantCulture);
        return parts[0] switch
        {
            nameof(FlowOptions.RareShare) => options with { RareShare = value },
            nameof(FlowOptions.Confidence) => options with { Confidence = value },
            nameof(FlowOptions.MinSessions) => options with { MinSessions = (int)value },
            nameof(FlowOptions.FixedShare) => options with { FixedShare = value },
            nameof(FlowOptions.WatchedShare) => options with { WatchedShare = value },
            nameof(FlowOptions.Idle) => options with { Idle = TimeSpan.FromMinutes(value) },
            nameof(FlowOptions.PauseShare) => options with { PauseShare = value },
            nameof(FlowOptions.PauseMargin) => options with { PauseMargin = value },
            nameof(FlowOptions.SlowShare) => options with { SlowShare = value },
            nameof(FlowOptions.SlowTimes) => options with { SlowTimes = value },
            nameof(FlowOptions.MinIdle) => options with { MinIdle = TimeSpan.FromMinutes(value) },
            nameof(FlowOptions.Lateness) => options with { Lateness = TimeSpan.FromMinutes(value) },
            nameof(FlowOptions.Grace) => options with { Grace = TimeSpan.FromMinutes(value) },
            nameof(FlowOptions.MaxNewPerSecond) => options with { MaxNewPerSecond = (int)value },
            nameof(FlowOptions.MaxSessions) => options with { MaxSessions = (int)value },
            _ => throw new ArgumentException($"Unknown setting {setting}.", nameof(setting)),
        };
    }
}
