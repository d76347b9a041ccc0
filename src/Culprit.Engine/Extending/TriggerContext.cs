using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.Rules;

namespace Culprit.Engine.Extending;

/// <summary>One call of a handler: the firing, and a way to publish what follows from it.</summary>
/// <param name="handler">The handler's name, the source of its events.</param>
/// <param name="work">The firing and the number of the attempt.</param>
internal sealed class TriggerContext(string handler, TriggerWork work) : ITriggerCall
{
    public const int MaxEvents = 100;

    private readonly List<CustomEvent> _events = [];

    public FiringView Firing { get; } = new(work.Firing);

    /// <summary>This call's number, from 1.</summary>
    public int Attempt => work.Attempt;

    public IReadOnlyList<CustomEvent> Events => _events;

    public string Publish(string type, Action<Utf8JsonWriter> fields)
    {
        if (!Names.IsType(type) || EventTypeRegistry.IsBuiltIn(type))
        {
            throw new ArgumentException($"The type '{type}' is not allowed; use {Names.Types}, that is not built in.", nameof(type));
        }

        if (_events.Count >= MaxEvents)
        {
            throw new InvalidOperationException($"A handler may publish {MaxEvents} events for one firing.");
        }

        var firing = work.Firing;
        var id = ContentId.Of("trigger-event", firing.Id, handler, _events.Count.ToString(CultureInfo.InvariantCulture));
        var made = CustomEvent.Write(
            id, type, "culprit:handler:" + handler, firing.WindowEndNanos, firing.Environment, firing.Services[0], firing.TraceId,
            firing.CorrelationId, firing.Id, fields);
        _events.Add(made);
        return id;
    }
}
