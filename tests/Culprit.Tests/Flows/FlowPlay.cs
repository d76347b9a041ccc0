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

    /// <summary>Since when something is wrong.</summary>
    public long? WrongSince { get; init; }

    /// <summary>Plays lines in the order of their arrival, with a tick each second, as the pipeline does; gives the counts.</summary>
    /// <param name="ticked">Called after each tick.</param>
    /// <param name="isEnd">No line comes after the last.</param>
    /// <param name="ticksEverySecond">Else only those seconds have a tick that have a line.</param>
    public List<FlowCount> Count(
        IEnumerable<FlowLine> lines, Action? ticked = null, bool isEnd = false, bool ticksEverySecond = true, int restoreEach = int.MaxValue)
    {
        var counts = new List<FlowCount>();
        var second = 0L;
        foreach (var line in lines.OrderBy(l => l.Arrival ?? l.Second).ThenBy(l => l.Id, StringComparer.Ordinal))
        {
            var arrival = (long)(line.Arrival ?? line.Second);
            TickTo(ticksEverySecond || arrival <= second + 1 ? arrival : arrival - 1);
            TickTo(arrival);
            Say(line);
        }

        if (isEnd)
        {
            Stage.EndInput();
        }

        TickTo(second + 900);
        return counts;

        void TickTo(long until)
        {
            while (second < until)
            {
                second = ticksEverySecond || isEnd ? second + 1 : until;
                Stage.Hold(WrongSince is { } since && Some.At(second) >= since ? since : null);
                Stage.Tick(Some.At(second));
                counts.AddRange(Stage.Drain());
                ticked?.Invoke();
                if (second % restoreEach == restoreEach - 1)
                {
                    Restore();
                }
            }
        }
    }

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
        var entry = Some.Log(line.Second, message: line.IsInAttributes ? line.Step : $"order {line.Id} says {line.Step}",
            severity: line.Step.StartsWith("ERROR", StringComparison.Ordinal) ? Severity.Error : Severity.Info) with
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
internal sealed record FlowLine(double Second, string Id, string Step, bool IsInAttributes = false)
{
    /// <summary>When it comes; null for at once.</summary>
    public double? Arrival { get; init; }
}
