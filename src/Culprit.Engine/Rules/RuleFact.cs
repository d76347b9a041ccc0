namespace Culprit.Engine.Rules;

/// <summary>What a template can say of a firing, beside the fields of the record that completed it.</summary>
internal enum RuleFact : byte
{
    /// <summary><c>{rule}</c>: its name.</summary>
    Rule,

    /// <summary><c>{count}</c>: records in the window.</summary>
    Count,

    /// <summary><c>{window}</c>: the length of the window, such as <c>1m</c>; empty without a threshold.</summary>
    Window,

    /// <summary><c>{scope}</c>: fields and values of the scope.</summary>
    Scope,

    /// <summary><c>{started_at}</c>: time of the first record in the window.</summary>
    StartedAt,

    /// <summary><c>{ended_at}</c>: time of the last.</summary>
    EndedAt,
}
