using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using VizPipeline.Atlas.Api;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Atlas.Web.Story;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.ImageStore;

namespace VizPipeline.Atlas;

/// <summary>Registers the atlas server, pages and API.</summary>
public static class AtlasExtensions
{
    // A camera sends up to 30 frames per second, and as many requests for what one channel saw; a script that sends more has to wait.
    private const int LiveBurst = 60;
    private const int LivePerPeriod = 6;
    private static readonly TimeSpan LivePeriod = TimeSpan.FromMilliseconds(100);
    private const int SignInsPerMinute = 20;
    // Somebody who goes through a layer and stars neurons; each page reads the list once.
    private const int ListBurst = 200;
    private static readonly TimeSpan ListPeriod = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Adds the services of pages and API. The host must also have a <c>CatalogDatabase</c>, an <c>IObjectStore</c> and a bus.
    /// </summary>
    public static IHostApplicationBuilder AddAtlas(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.TryAddSingleton(new AddressPolicy(IdsLast: true));
        services.TryAddSingleton(new NotesPolicy(IsOpen: false));
        services.TryAddSingleton(provider => provider.GetRequiredService<CatalogDatabase>().Notes);
        services.AddSingleton<NeuronLists>();
        services.TryAddSingleton<IAtlasActivity, WorkerActivity>();
        services.AddHttpContextAccessor();
        services.AddSingleton<PageRenderer>();
        services.AddSingleton<LiveGate>();
        services.AddSingleton<TableDownload>();
        services.AddSingleton<LoadedAtlasCache>();
        services.AddSingleton<Tiles>();
        services.AddSingleton<ComparisonCache>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SimilarNeuronsCache>();
        services.AddSingleton<LinkTables>();
        services.AddSingleton<NeuronReader>();
        services.AddSingleton<StoryPictures>();
        services.TryAddSingleton(_ => new ImageRoot(builder.Configuration.ImageServer(), null));
        services.AddSingleton<SourceCrops>();
        services.AddOpenApi("v1", TableSchemas.Configure);
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddResponseCompression(options =>
        {
            options.EnableForHttps = true;
            options.Providers.Add<BrotliCompressionProvider>();
            options.Providers.Add<GzipCompressionProvider>();
            options.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, "image/svg+xml", "application/problem+json"];
        });
        services.AddRateLimiter(options =>
        {
            options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            options.AddPolicy(
                SignIn.Limit, context => RateLimitPartition.GetFixedWindowLimiter(Client(context), _ => new FixedWindowRateLimiterOptions
                {
                    PermitLimit = SignInsPerMinute,
                    Window = TimeSpan.FromMinutes(1),
                }));
            options.AddPolicy(
                ListEndpoints.Limit,
                context => RateLimitPartition.GetTokenBucketLimiter(Client(context), _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = ListBurst,
                    TokensPerPeriod = 1,
                    ReplenishmentPeriod = ListPeriod,
                    QueueLimit = 0,
                }));
            options.AddPolicy(
                LiveEndpoints.Limit,
                context => RateLimitPartition.GetTokenBucketLimiter(Client(context), _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = LiveBurst,
                    TokensPerPeriod = LivePerPeriod,
                    ReplenishmentPeriod = LivePeriod,
                    QueueLimit = LiveBurst,
                }));
        });
        return builder;
    }

    /// <summary>Maps pages and API. Call it after <c>MapServiceEndpoints</c>.</summary>
    public static WebApplication MapAtlas(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseResponseCompression();
        app.UseRateLimiter();
        app.Use((context, next) =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy =
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
                    + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()";
            return next(context);
        });
        app.UseSignIn();
        app.UseBindingErrors();
        app.MapSignIn();
        app.MapPages();
        app.MapApi();
        app.MapLists();
        app.MapOpenApi("/api/{documentName}/openapi.json");
        app.MapLive();
        return app;
    }

    // An IPv6 /64 network counts as one client, because a single host may use any of its addresses.
    private static string Client(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        if (address is null || address.AddressFamily != AddressFamily.InterNetworkV6 || address.IsIPv4MappedToIPv6)
            return $"{address}";
        return Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8));
    }
}
