using Culprit.Engine.Storage;

namespace Culprit.Server.Access;

/// <summary>What a route asks of a key: one of the scopes, or nothing. A route without it asks for <see cref="KeyScopes.Admin"/>.</summary>
internal sealed record RequiredScope(KeyScopes AnyOf);

/// <summary>Says what routes ask for. The innermost word counts.</summary>
internal static class RequiredScopeExtensions
{
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, KeyScopes anyOf)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RequiredScope(anyOf));

    /// <summary>Open to everybody who reaches the server.</summary>
    public static TBuilder NeedsNoKey<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.RequireScope(KeyScopes.None);

    /// <summary>A group whose routes ask for a scope unless they say otherwise themselves.</summary>
    public static RouteGroupBuilder Scope(this IEndpointRouteBuilder routes, KeyScopes anyOf) => routes.MapGroup("").RequireScope(anyOf);
}
