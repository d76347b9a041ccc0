using System.Text.Json;

namespace Culprit.Engine.Extending;

/// <summary>One call of a handler: the firing, and a way to publish what follows from it.</summary>
public interface ITriggerCall
{
    FiringView Firing { get; }

    /// <summary>This call's number, from 1.</summary>
    int Attempt { get; }

    /// <summary>Publishes an event that follows from the firing, once the handler says that it is done; returns its id.</summary>
    /// <remarks>
    /// Causation is the firing, correlation is kept. The id derives from firing, handler and the number of the event, so a
    /// handler that runs twice publishes the same events. At most 100 for a call.
    /// </remarks>
    /// <param name="type">Its type; none that is built in.</param>
    /// <param name="fields">Writes fields into the open object.</param>
    /// <exception cref="ArgumentException">The type is no name, or built in.</exception>
    /// <exception cref="InvalidOperationException">The handler has published too many events.</exception>
    string Publish(string type, Action<Utf8JsonWriter> fields);
}
