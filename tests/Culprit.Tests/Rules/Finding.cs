namespace Culprit.Tests.Rules;

/// <summary>One breach of a rule.</summary>
/// <param name="Where">The type or file that breaks it.</param>
/// <param name="What">What it uses or is called.</param>
internal sealed record Finding(string Where, string What)
{
    public override string ToString() => $"{Where} -> {What}";
}
