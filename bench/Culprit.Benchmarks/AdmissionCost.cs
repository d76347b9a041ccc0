using System.Diagnostics;
using System.Globalization;
using System.Text;
using Culprit.Engine.Admission;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;

namespace Culprit.Benchmarks;

/// <summary>What admission adds to each record: rules, sampling, marking and closing the gaps, on one thread.</summary>
internal static class AdmissionCost
{
    private const int Records = 1000;
    private const int Rounds = 3000;

    private static readonly string[] Rules =
    [
        "environment = \"staging\" & level = debug",
        "service in (\"payment\", \"auth\") & level <= info",
        "service = \"chatty\"",
        "level = debug",
    ];

    public static int Run()
    {
        Measure("4 rules, none samples", [.. Rules.Select((r, i) => Rule(r, i, 1))]);
        Measure("4 rules, two sample 0.1", [.. Rules.Select((r, i) => Rule(r, i, i < 2 ? 1 : 0.1))]);
        Measure("1 rule without a filter samples 0.1", [new AdmissionRule(null, 1, 0.1)]);
        return 0;
    }

    private static AdmissionRule Rule(string where, int index, double sample) => new(Filters.Parse(where).Filter, index + 1, sample);

    private static void Measure(string name, IReadOnlyList<AdmissionRule> rules)
    {
        var source = CreateBatch();
        var gate = new AdmissionGate(rules);
        var writer = new RecordBatchWriter();
        var best = double.MaxValue;
        var kept = 0;
        for (var round = 0; round < Rounds; round++)
        {
            writer.Reset();
            for (var i = 0; i < source.Count; i++)
            {
                writer.Copy(source[i]);
            }

            var start = Stopwatch.GetTimestamp();
            writer.Sift(gate);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / Records);
            kept = writer.Count;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {best:F1} ns/record at best, {kept} of {Records} kept"));
    }

    private static RecordBatch CreateBatch()
    {
        string[] services = ["api-gateway", "payment", "chatty", "user-service", "order-service"];
        var writer = new RecordBatchWriter();
        for (var i = 0; i < Records; i++)
        {
            writer.Begin();
            writer.Set(LogRecord.ServiceField, Encoding.UTF8.GetBytes(services[i % services.Length]));
            writer.Set(LogRecord.EnvironmentField, "production"u8);
            writer.Set(LogRecord.BodyField, Encoding.UTF8.GetBytes($"GET /api/users/{i} finished in {i % 97} ms with status 200"));
            writer.Set(LogRecord.TraceIdField, Encoding.UTF8.GetBytes($"{i * 7919:x32}"));
            writer.Commit(i * UnixNanos.PerSecond, EventKind.Log, i % 10 == 0 ? Severity.Debug : Severity.Info, RecordFlags.None);
        }

        return writer.ToBatch(0);
    }
}
