namespace Culprit.Server.HighAvailability;

/// <summary>The services that only one of two servers runs at a time: those that write what was derived, and act on it.</summary>
internal static class ActiveServices
{
    /// <summary>Under this key the container has those that wait for their turn.</summary>
    private static readonly object Key = typeof(ActiveServices);

    /// <summary>Adds a hosted service; with high availability it starts when this server becomes active.</summary>
    public static void AddActiveService<T>(this IServiceCollection services)
        where T : class, IHostedService
    {
        if (services.IsShared())
        {
            services.AddKeyedSingleton<IHostedService, T>(Key);
        }
        else
        {
            services.AddHostedService<T>();
        }
    }

    /// <inheritdoc cref="AddActiveService{T}(IServiceCollection)"/>
    public static void AddActiveService<T>(this IServiceCollection services, Func<IServiceProvider, T> make)
        where T : class, IHostedService
    {
        if (services.IsShared())
        {
            services.AddKeyedSingleton<IHostedService>(Key, (provider, _) => make(provider));
        }
        else
        {
            services.AddHostedService(make);
        }
    }

    /// <summary>Makes those that wait, in the order in which they were added.</summary>
    public static IReadOnlyList<IHostedService> Make(IServiceProvider services) => [.. services.GetKeyedServices<IHostedService>(Key)];

    private static bool IsShared(this IServiceCollection services) => services.Any(s => s.ServiceType == typeof(ServerRole));
}
