using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Xunit;

namespace Culprit.Tests.Storage;

public sealed class PatternAliasesTests
{
    private readonly PatternAliases _aliases = new();

    [Fact]
    public void EveryIdOfAPatternLeadsToTheSameOne()
    {
        Add(1, 2);
        Add(3, 2);
        Add(2, 9);

        Assert.All([1UL, 2UL, 3UL, 9UL], id => Assert.Equal(new PatternId(9), _aliases.Resolve(new PatternId(id))));
        Assert.Equal([1UL, 2UL, 3UL, 9UL], IdsOf(1));
        Assert.Equal([1UL, 2UL, 3UL, 9UL], IdsOf(9));
        Assert.Equal([4UL], IdsOf(4));
        Assert.Equal("text of 9", _aliases.TextOf(new PatternId(9)));
    }

    [Fact]
    public void TheLastWordAboutAnIdCounts()
    {
        Add(1, 2);
        Add(1, 3);

        Assert.Equal([1UL, 3UL], IdsOf(1));
        Assert.Equal([2UL], IdsOf(2));
    }

    [Fact]
    public void ACircleIsOpenedByTheNewerWord()
    {
        Add(1, 2);
        Add(2, 3);
        Add(3, 1);

        Assert.All([1UL, 2UL, 3UL], id => Assert.Equal(new PatternId(2), _aliases.Resolve(new PatternId(id))));
        Assert.Equal([1UL, 2UL, 3UL], IdsOf(3));
    }

    private IEnumerable<ulong> IdsOf(ulong id) => _aliases.IdsOf(new PatternId(id)).Select(p => p.Value).Order();

    private void Add(ulong old, ulong current) => _aliases.Add(new NamedAlias(new PatternId(old), new PatternId(current), $"text of {current}"));
}
