using TorchSharp;

namespace VizPipeline.Network.Torch;

/// <summary>A device that was asked for is not there. The message says what to do.</summary>
public sealed class DeviceUnavailableException(string message) : Exception(message);

/// <summary>Where networks run.</summary>
public static class TorchDevice
{
    /// <summary>The device called <paramref name="name"/>: <c>auto</c> takes CUDA where there is one, else the CPU.</summary>
    /// <exception cref="DeviceUnavailableException">There is no such device.</exception>
    /// <exception cref="TorchUnavailableException">libtorch cannot be loaded.</exception>
    public static torch.Device Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        TorchRuntime.Start();
        var hasCuda = torch.cuda.is_available();
        if (hasCuda)
        {
            // TF32 keeps ten bits: enough to change a top 9, and torch's convolutions take it unless they are told not to.
            torch.backends.cudnn.allow_tf32 = false;
            torch.backends.cuda.matmul.allow_tf32 = false;
        }
        return name switch
        {
            "cpu" => torch.CPU,
            "auto" => hasCuda ? torch.CUDA : torch.CPU,
            _ when !name.StartsWith("cuda", StringComparison.Ordinal) => throw new DeviceUnavailableException($"device '{name}' is unknown; use auto, cpu or cuda"),
            _ when !hasCuda => throw new DeviceUnavailableException("device 'cuda' is not available: this build carries the CPU libtorch, or there is no CUDA driver; use --device cpu"),
            _ => torch.device(name),
        };
    }
}
