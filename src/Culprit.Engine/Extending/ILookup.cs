namespace Culprit.Engine.Extending;

/// <summary>Something that a model may look up while it explains an incident, and that clients of the Model Context Protocol may call.</summary>
/// <remarks>
/// Must only read. What it returns is taken for evidence: claims of a model are held against its words. It is redacted before a model
/// sees it. An exception, or more than 10 s, is an answer without findings.
/// </remarks>
public interface ILookup
{
    /// <summary>Letters, digits, <c>-</c> and <c>_</c>; unique.</summary>
    string Name { get; }

    /// <summary>For the model: what it returns and when to use it.</summary>
    string Description { get; }

    IReadOnlyList<LookupArgument> Arguments { get; }

    Task<LookupAnswer> LookUpAsync(LookupQuestion question, CancellationToken cancellationToken);
}

/// <summary>A text that the model gives.</summary>
public sealed record LookupArgument(string Name, string Description, bool IsRequired = true);

/// <summary>What is asked. Environment and times are the server's, whatever the model says.</summary>
/// <param name="From">Nothing before it is of interest.</param>
/// <param name="To">Nothing after it is.</param>
/// <param name="StartedAt">When the incident began.</param>
/// <param name="Arguments">Those declared that were given, each at most 200 characters.</param>
public sealed record LookupQuestion(
    string Environment, DateTimeOffset From, DateTimeOffset To, DateTimeOffset StartedAt, IReadOnlyDictionary<string, string> Arguments);

/// <summary>What was found.</summary>
/// <param name="Findings">Each a sentence or a line; at most 20 are shown, of at most 2 KiB.</param>
/// <param name="Note">When there is nothing or not all: what to try next.</param>
public sealed record LookupAnswer(IReadOnlyList<string> Findings, string? Note = null);
