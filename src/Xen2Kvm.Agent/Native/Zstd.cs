using System.Runtime.InteropServices;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Native;

/// <summary>zstd with a reused context; one instance per thread.</summary>
internal sealed unsafe partial class Zstd : IDisposable
{
    private void* _compressor = ZSTD_createCCtx();
    private void* _decompressor = ZSTD_createDCtx();

    /// <summary>Compresses; returns the size, or 0 when it does not fit in <paramref name="to"/>.</summary>
    public int Compress(ReadOnlySpan<byte> from, Span<byte> to, int level)
    {
        fixed (byte* source = from, target = to)
        {
            nuint size = ZSTD_compressCCtx(_compressor, target, (nuint)to.Length, source, (nuint)from.Length, level);
            return ZSTD_isError(size) != 0 ? 0 : (int)size;
        }
    }

    /// <summary>Decompresses exactly <paramref name="to"/>.Length bytes.</summary>
    /// <exception cref="ProtocolException">The input is broken or has another size.</exception>
    public void Decompress(ReadOnlySpan<byte> from, Span<byte> to)
    {
        fixed (byte* source = from, target = to)
        {
            nuint size = ZSTD_decompressDCtx(_decompressor, target, (nuint)to.Length, source, (nuint)from.Length);
            if (ZSTD_isError(size) != 0 || size != (nuint)to.Length)
                throw new ProtocolException("a data frame does not decompress to what it announced");
        }
    }

    public void Dispose()
    {
        ZSTD_freeCCtx(_compressor);
        ZSTD_freeDCtx(_decompressor);
        _compressor = _decompressor = null;
    }

    [LibraryImport("libzstd")]
    private static partial void* ZSTD_createCCtx();

    [LibraryImport("libzstd")]
    private static partial nuint ZSTD_freeCCtx(void* context);

    [LibraryImport("libzstd")]
    private static partial void* ZSTD_createDCtx();

    [LibraryImport("libzstd")]
    private static partial nuint ZSTD_freeDCtx(void* context);

    [LibraryImport("libzstd")]
    private static partial nuint ZSTD_compressCCtx(void* context, byte* to, nuint capacity, byte* from, nuint size, int level);

    [LibraryImport("libzstd")]
    private static partial nuint ZSTD_decompressDCtx(void* context, byte* to, nuint capacity, byte* from, nuint size);

    [LibraryImport("libzstd")]
    private static partial uint ZSTD_isError(nuint code);
}
