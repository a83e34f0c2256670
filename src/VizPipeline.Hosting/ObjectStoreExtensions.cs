using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using VizPipeline.ObjectStore;

namespace VizPipeline.Hosting;

/// <summary>Extension methods that add the object store to a service.</summary>
public static class ObjectStoreExtensions
{
    /// <summary>Adds the configured store: an S3 server or, with <c>ObjectStore:Folder</c>, a folder that all machines mount.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="access">The access that the service needs; it is tested at startup.</param>
    public static IHostApplicationBuilder AddObjectStore(this IHostApplicationBuilder builder, StoreAccess access)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Configuration[$"{S3Options.Section}:Folder"] is { Length: > 0 } folder)
        {
            builder.Services.AddSingleton<IObjectStore>(_ => new FolderObjectStore(folder));
            builder.Services.AddSingleton<IStartupStep>(
                services => new FolderCheck(folder, services, builder.Environment.ApplicationName, access));
            return builder;
        }
        builder.Services.AddValidatedOptions<S3Options>(S3Options.Section);
        builder.Services.AddSingleton(services => new S3ObjectStore(services.GetRequiredService<IOptions<S3Options>>().Value));
        builder.Services.AddSingleton<IObjectStore>(services => services.GetRequiredService<S3ObjectStore>());
        builder.Services.AddSingleton<IStartupStep>(
            services => new S3Check(services.GetRequiredService<S3ObjectStore>(), builder.Environment.ApplicationName, access));
        return builder;
    }

    /// <summary>Returns the S3 server for image sets in buckets; null if none is configured.</summary>
    public static S3Options? ImageServer(this IConfiguration configuration)
    {
        var options = configuration.GetSection(S3Options.Section).Get<S3Options>();
        return options is { Endpoint.Length: > 0 } ? options : null;
    }

    private sealed class FolderCheck(string folder, IServiceProvider services, string service, StoreAccess access) : IStartupStep
    {
        public string Target => $"The folder {folder} (ObjectStore__Folder)";

        public async Task RunAsync(CancellationToken cancellation)
        {
            try
            {
                // Creates the folder. A hanging mount must not block the other checks.
                var store = await Task.Run(services.GetRequiredService<IObjectStore>, cancellation).WaitAsync(cancellation);
                await Task.Run(() => StoreProbe.RunAsync(store, service, access, cancellation), cancellation).WaitAsync(cancellation);
            }
            catch (ObjectStoreException failure)
            {
                throw new StartupException($"{failure.Message} Check ObjectStore__Folder.", inner: failure);
            }
        }
    }

    private sealed class S3Check(S3ObjectStore store, string service, StoreAccess access) : IStartupStep
    {
        public string Target => $"S3 at {store.Place} (ObjectStore__Endpoint)";

        public async Task RunAsync(CancellationToken cancellation)
        {
            try
            {
                await store.EnsureBucketAsync(TimeSpan.Zero, cancellation);
            }
            catch (ObjectStoreException failure)
            {
                // The coordinator may be about to create the bucket.
                throw new StartupException(
                    failure.Message, failure.IsTransient || (failure is BucketMissingException && access != StoreAccess.Own), failure);
            }
            await StoreProbe.RunAsync(store, service, access, cancellation);
        }
    }
}
