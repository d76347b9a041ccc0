using System.Globalization;

namespace Culprit.Engine.Rules;

/// <summary>What is wrong with a configuration, in sentences that name key, value and what is allowed.</summary>
internal sealed class Mistakes
{
    private readonly List<string> _all = [];

    public IReadOnlyList<string> All => _all;

    /// <summary>Notes a mistake unless the value is right; returns whether it is.</summary>
    public bool Check(bool isRight, string key, object? value, string allowed)
    {
        if (!isRight)
        {
            _all.Add(string.Create(CultureInfo.InvariantCulture, $"{key}: '{value}' is not allowed; use {allowed}."));
        }

        return isRight;
    }

    /// <summary>Notes a mistake inside a text, with the place marked below it.</summary>
    public void Add(string key, object error) => _all.Add($"{key}: {error}");
}
