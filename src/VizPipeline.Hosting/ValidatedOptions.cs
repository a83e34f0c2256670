using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace VizPipeline.Hosting;

/// <summary>Extension methods for settings that are validated at startup.</summary>
public static class ValidatedOptions
{
    /// <summary>
    /// Binds a section of the configuration. Values that are malformed or violate the annotations are reported before the service starts.
    /// </summary>
    public static OptionsBuilder<T> AddValidatedOptions<T>(this IServiceCollection services, string section, Action<T>? configure = null)
        where T : class
    {
        services.AddSingleton<IValidateOptions<T>>(
            provider => new SettingsFaults<T>(provider.GetRequiredService<IConfiguration>().GetSection(section)));
        return services.AddOptions<T>()
            .Configure<IConfiguration>(
                (options, configuration) => SettingsFaults<T>.WellFormed(configuration.GetSection(section)).Bind(options))
            .Configure(options => configure?.Invoke(options))
            .ValidateOnStart();
    }
}
