using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace VizPipeline.Hosting;

/// <summary>Settings that are read and checked at start.</summary>
public static class ValidatedOptions
{
    /// <summary>Binds a section of the configuration; its annotations are checked before the service starts.</summary>
    public static OptionsBuilder<T> AddValidatedOptions<T>(this IServiceCollection services, string section, Action<T>? configure = null)
        where T : class => services.AddOptions<T>()
        .BindConfiguration(section)
        .Configure(options => configure?.Invoke(options))
        .ValidateDataAnnotations()
        .ValidateOnStart();
}
