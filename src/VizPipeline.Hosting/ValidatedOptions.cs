using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace VizPipeline.Hosting;

/// <summary>Settings that are read and checked at start.</summary>
public static class ValidatedOptions
{
    /// <summary>Binds a section of the configuration; values that are malformed or against its annotations are told before the service starts.</summary>
    public static OptionsBuilder<T> AddValidatedOptions<T>(this IServiceCollection services, string section, Action<T>? configure = null)
        where T : class
    {
        services.AddSingleton<IValidateOptions<T>>(provider => new SettingsFaults<T>(provider.GetRequiredService<IConfiguration>().GetSection(section)));
        return services.AddOptions<T>()
            .Configure<IConfiguration>((options, configuration) => SettingsFaults<T>.WellFormed(configuration.GetSection(section)).Bind(options))
            .Configure(options => configure?.Invoke(options))
            .ValidateOnStart();
    }
}
