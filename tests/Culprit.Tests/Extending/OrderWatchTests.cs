using System.Text;
using System.Text.Json;
using Culprit.Engine;
using Culprit.Engine.Extending;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;
using Culprit.Server.Plugins;
using Culprit.Tests.Support;

namespace Culprit.Tests.Extending;

/// <summary>The sample plug-in, loaded as the server loads it, inside a pipeline.</summary>
public sealed class OrderWatchTests
{
    private static string Assembly => Path.Combine(AppContext.BaseDirectory, "OrderWatch.dll");

    [Fact]
    public void ThePluginBringsOneOfEachThing()
    {
        var plugins = Load(Assembly, out var mistakes);

        Assert.Empty(mistakes.All);
        Assert.Equal(["hold-shop"], plugins.Handlers.Keys);
        Assert.Equal(["warning-flood"], plugins.Detectors.Keys);
        Assert.Equal(["alert-file"], plugins.AlertHandlers.Keys);
        Assert.Equal("many-orders-refused", Assert.Single(plugins.Rules).Name);
        Assert.Equal("order.refused", Assert.Single(plugins.EventTypes).Type);
        Assert.NotSame(typeof(OrderWatch.OrderWatchPlugin).Assembly, plugins.Handlers["hold-shop"].GetType().Assembly);
    }

    [Fact]
    public void ItsDetectorsFindingBecomesAnAnomalyOnce()
    {
        var pipeline = New();

        var events = Play(pipeline, from: 1, to: 12);

        var anomaly = Assert.Single(events, e => e.Type == "log.anomaly");
        using var json = JsonDocument.Parse(anomaly.Json);
        Assert.Equal("warning-flood", json.RootElement.GetProperty("detector").GetString());
        Assert.Equal("50 warnings in a second", json.RootElement.GetProperty("observed").GetString());
        Assert.Equal("medium", SeverityOf(Assert.Single(events, e => e.Type == "incident.opened")));
    }

    [Fact]
    public void ASnapshotKeepsWhatItsDetectorHasLearnt()
    {
        var without = New();
        Play(without, 1, 11);
        var before = New();
        Play(before, 1, 11);
        var after = New();

        Assert.True(after.TryRestore(Pipeline.SnapshotVersion, before.ToSnapshot()));

        Assert.Equal(Play(without, 11, 14).Select(Json), Play(after, 11, 14).Select(Json));
    }

    [Fact]
    public void ADetectorThatThrowsIsLeftOutAndNamed()
    {
        var faults = new List<DetectorFault>();
        var calls = 0;
        var options = new PipelineOptions
        {
            Detectors = new Dictionary<string, Func<string, IDetector>> { ["broken"] = _ => new Throwing(() => calls++) },
            DetectorFailed = faults.Add,
        };
        var pipeline = new Pipeline(options, 42, new RootCauseRanker(RunbookLibrary.Empty));

        Play(pipeline, 1, 5);

        Assert.Equal(1, calls);
        Assert.Equal(("broken", "production"), (Assert.Single(faults).Detector, faults[0].Environment));
    }

    [Theory]
    [InlineData("xunit.v3.core.dll", "it holds no public class that implements ICulpritPlugin")]
    [InlineData("nowhere.dll", "there is no such file")]
    [InlineData("OrderWatch.pdb", "BadImageFormatException")]
    public void AnAssemblyThatCannotBeUsedIsNamedWithTheReason(string file, string reason)
    {
        Load(file, out var mistakes);

        var mistake = Assert.Single(mistakes.All);
        Assert.StartsWith("plugins:0: '" + Path.Combine(AppContext.BaseDirectory, file), mistake, StringComparison.Ordinal);
        Assert.Contains(reason, mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void APluginNamedTwiceIsAMistake()
    {
        var mistakes = new Mistakes();

        PluginLoader.Load([Assembly, Assembly], AppContext.BaseDirectory, mistakes);

        Assert.Contains("two trigger handlers of the name 'hold-shop'", Assert.Single(mistakes.All), StringComparison.Ordinal);
    }

    private static PluginRegistry Load(string path, out Mistakes mistakes)
    {
        mistakes = new Mistakes();
        return PluginLoader.Load([path], AppContext.BaseDirectory, mistakes);
    }

    private static Pipeline New() => new(
        new PipelineOptions { Detectors = Load(Assembly, out _).Detectors }, 42, new RootCauseRanker(RunbookLibrary.Empty));

    /// <summary>One warning a second, and from the tenth second on fifty.</summary>
    private static List<DerivedEvent> Play(Pipeline pipeline, int from, int to)
    {
        var events = new List<DerivedEvent>();
        for (var second = from; second < to; second++)
        {
            Entry[] entries = [.. Enumerable.Range(0, second >= 10 ? 50 : 1)
                .Select(i => Some.Log(second + (i * 0.01), "shop", $"stock of item {i} is low", Severity.Warn))];
            events.AddRange(pipeline.Process(Some.Batch(1000 * second, entries), new BatchAnnotations(entries.Length)));
            events.AddRange(pipeline.Tick(Some.At(second + 1)));
        }

        return events;
    }

    private static string Json(DerivedEvent derived) => Encoding.UTF8.GetString(derived.Json.Span);

    private static string? SeverityOf(DerivedEvent derived)
    {
        using var json = JsonDocument.Parse(derived.Json);
        return json.RootElement.GetProperty("severity").GetString();
    }

    private sealed class Throwing(Action called) : IDetector
    {
        public IReadOnlyList<DetectorFinding> Tick(DateTimeOffset now, IReadOnlyList<ServiceSecond> services)
        {
            called();
            throw new InvalidOperationException("broken");
        }
    }
}
