using Culprit.Engine.Extending;

namespace OrderWatch;

/// <summary>Tells a model who looks after a shop. A real one would ask a directory.</summary>
public sealed class ShopOwner : ILookup
{
    public string Name => "get_shop_owner";

    public string Description => "The team that looks after a shop.";

    public IReadOnlyList<LookupArgument> Arguments => [new LookupArgument("shop", "Name of the shop.")];

    public Task<LookupAnswer> LookUpAsync(LookupQuestion question, CancellationToken cancellationToken) => Task.FromResult(
        question.Arguments["shop"] is "shop"
            ? new LookupAnswer(["The team orders looks after shop."])
            : new LookupAnswer([], "Nobody is known. Shops are services."));
}
