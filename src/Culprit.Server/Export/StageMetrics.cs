using System.Diagnostics.Metrics;

namespace Culprit.Server.Export;

/// <summary>The counts of every stage under one set of names, told apart by the label <c>stage</c>.</summary>
internal sealed class StageMetrics(IEnumerable<IStage> stages) : IMetricSource
{
    private readonly IStage[] _stages = [.. stages];

    public void Register(Meter meter)
    {
        meter.CreateObservableCounter("culprit.stage.in", () => Measure(t => t.In), "{item}", "What the stage took in");
        meter.CreateObservableCounter("culprit.stage.out", () => Measure(t => t.Out), "{item}", "What the stage handed on");
        meter.CreateObservableCounter("culprit.stage.dropped", Dropped, "{item}", "What the stage did not hand on by reason");
        meter.CreateObservableGauge("culprit.stage.waiting", () => Measure(t => t.Waiting), "{item}", "What is in the stage now");
    }

    private IEnumerable<Measurement<long>> Measure(Func<StageTotals, long> value) =>
        _stages.Select(s => Labels.Measure(value(s.Read()), "stage", s.Name));

    private IEnumerable<Measurement<long>> Dropped() =>
        _stages.SelectMany(s => s.Read().Dropped.Select(d => new Measurement<long>(d.Value, Labels.Of("stage", s.Name), Labels.Of("reason", d.Key))));
}
