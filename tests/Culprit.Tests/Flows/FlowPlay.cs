using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Culprit.Engine.Flows;
using Culprit.Engine.Records;
using Culprit.Tests.Support;

namespace Culprit.Tests.Flows;

/// <summary>Plays what made-up sessions say, each step a pattern of its own, into a stage that can be replaced by its own snapshot.</summary>
internal sealed class FlowPlay
{
    private readonly Dictionary<PatternId, string> _texts = [];
    private readonly FlowOptions _options;
    private readonly List<FlowVerdict> _left = [];

    public FlowPlay(FlowOptions? options = null)
    {
        _options = options ?? new FlowOptions();
        Stage = New();
    }

    public FlowStage Stage { get; private set; }

    /// <summary>The verdict of every session, forgotten ones included.</summary>
    public IEnumerable<FlowVerdict> Verdicts => _left.Concat(Stage.Verdicts());

    public FlowVerdict this[string id] => Verdicts.Single(v => v.Session == id);

    public FlowPlay Play(IEnumerable<FlowLine> lines, int restoreEach = int.MaxValue)
    {
        var last = 0.0;
        foreach (var (index, line) in lines.OrderBy(l => l.Second).ThenBy(l => l.Id, StringComparer.Ordinal).Index())
        {
            Stage.Tick(Some.At(Math.Floor(line.Second)));
            Say(line);
            last = line.Second;
            if (index % restoreEach == restoreEach - 1)
            {
                Restore();
            }
        }

        Stage.Tick(Some.At(last + (4 * 3600)));
        Stage.Finish();
        return this;
    }

    public void Say(FlowLine line)
    {
        var pattern = new PatternId(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(line.Step)));
        _texts[pattern] = line.Step;
        var entry = Some.Log(line.Second, message: line.IsInAttributes ? line.Step : $"order {line.Id} says {line.Step}") with
        {
            Attributes = line.IsInAttributes ? $$"""{"status":200,"more":{"x_id":"inner-1"},"order_id":"{{line.Id}}"}""" : string.Empty,
        };
        Stage.Observe(Some.Batch(1, entry)[0], "shop", pattern, Some.At(line.Second));
    }

    public string Show() => string.Join('\n', Verdicts
        .OrderBy(v => v.Session, StringComparer.Ordinal)
        .Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Session} {v.IsAnomalous} {v.IsFirstAnomalous} {v.Score} {v.Slow?.Score} {v.Records} {v.Explanation}")));

    private FlowStage New() => new(_options, (_, pattern) => _texts[pattern], _left.Add);

    private void Restore()
    {
        var snapshot = Stage.ToSnapshot();
        Stage = New();
        if (!Stage.TryRestore(snapshot))
        {
            throw new InvalidOperationException("The stage refuses its own snapshot.");
        }
    }
}

/// <summary>A session says that it takes a step.</summary>
internal sealed record FlowLine(double Second, string Id, string Step, bool IsInAttributes = false);
