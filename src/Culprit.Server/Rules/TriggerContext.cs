using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.Rules;

namespace Culprit.Server.Rules;

/// <summary>One call of a handler: the firing, and a way to publish what follows from it.</summary>
/// <param name="handler">The handler's name, the source of its events.</param>
/// <param name="work">The firing and the number of the attempt.</param>
internal sealed class TriggerContext(string handler, TriggerWork work)
{
    public const int MaxEvents = 100;

    private readonly List<CustomEvent> _events = [];

    public RuleFiring Firing => work.Firing;

    /// <summary>This call's number, from 1.</summary>
    public int Attempt => work.Attempt;

    internal IReadOnlyList<CustomEvent> Events => _events;

    /// <summary>Publishes an event that follows from the firing, once the handler says that it is done.</summary>
    /// <remarks>
    /// Causation is the firing, correlation is kept. The id derives from firing, handler and the number of the event, so a
    /// handler that runs twice publishes the same events. At most <see cref="MaxEvents"/> for a call.
    /// </remarks>
    /// <param name="fields">Writes fields into the open object.</param>
    /// <exception cref="InvalidOperationException">The handler has published too many events.</exception>
    public CustomEvent Publish(string type, Action<Utf8JsonWriter> fields)
    {
        if (_events.Count >= MaxEvents)
        {
            throw new InvalidOperationException($"A handler may publish {MaxEvents} events for one firing.");
        }

        var id = ContentId.Of("trigger-event", Firing.Id, handler, _events.Count.ToString(CultureInfo.InvariantCulture));
        var made = CustomEvent.Write(
            id, type, "culprit:handler:" + handler, Firing.WindowEndNanos, Firing.Environment, Firing.Services[0], Firing.TraceId,
            Firing.CorrelationId, Firing.Id, fields);
        _events.Add(made);
        return made;
    }
}
