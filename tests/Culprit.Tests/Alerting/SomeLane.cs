using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.People;
using Culprit.Server.Alerting.Setup;
using Culprit.Server.Detection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culprit.Tests.Alerting;

/// <summary>The way to one sink, with nothing configured but what a test is about.</summary>
internal static class SomeLane
{
    public static AlertGate Gate(
        IStateStore state,
        TimeProvider clock,
        IncidentBook? book = null,
        SilenceBook? silences = null,
        AlertRules? rules = null,
        EngineProgress? progress = null) => new(
        state,
        book ?? new IncidentBook(),
        silences ?? new SilenceBook(new MemorySilenceStore(), state, new AlertSignal(), clock),
        rules ?? AlertSettings.None.ToRules(),
        progress ?? new EngineProgress(),
        clock,
        NullLogger<AlertGate>.Instance);

    /// <param name="sinksToTell">Who is told that the sink fails. Default: the console, unless it is that.</param>
    public static SinkLane Of(
        IAlertSink sink, IStateStore state, AlertMetrics metrics, TimeProvider clock, AlertGate? gate = null, Func<string, IReadOnlyList<string>>? sinksToTell = null)
    {
        var watch = new DeliveryWatch(state, new AlertSignal(), sinksToTell ?? (failing => failing == AlertSettings.Console ? [] : [AlertSettings.Console]), clock);
        var surrender = new Surrender(state, watch, metrics, clock, NullLogger<Surrender>.Instance);
        return new SinkLane(sink, state, gate ?? Gate(state, clock), surrender, watch, metrics, clock, NullLogger<SinkLane>.Instance);
    }
}
