namespace Culprit.Engine.Rules;

/// <summary>A type of event as <c>culprit.yaml</c> declares it, under <c>eventTypes:</c>.</summary>
public sealed class EventTypeOptions
{
    /// <summary>The wire's <c>type</c>; none that is built in.</summary>
    public string? Type { get; set; }

    /// <summary>Fields that are checked on receipt; others are allowed.</summary>
    public List<EventFieldOptions> Fields { get; set; } = [];
}

/// <summary>One field of a declared type.</summary>
public sealed class EventFieldOptions
{
    /// <summary>Its name in the event.</summary>
    public string? Name { get; set; }

    /// <summary>string, number, bool or object. Default string.</summary>
    public string Kind { get; set; } = "string";

    /// <summary>Refuse events without it. Default false.</summary>
    public bool Required { get; set; }
}
