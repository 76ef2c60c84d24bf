#pragma once
/// Dense linear algebra on small matrices, for matrix.*. Row by row; no na expected inside.

#include <cstddef>
#include <functional>
#include <vector>

namespace tt::pine {

struct dense {
  std::size_t rows = 0, cols = 0;
  std::vector<double> v;
  double& at(std::size_t r, std::size_t c) { return v[r * cols + c]; }
  double at(std::size_t r, std::size_t c) const { return v[r * cols + c]; }
};

/// Told of work before it is done, in elements; throws when there must be no more. These loops can run for seconds.
using work_meter = std::function<void(std::size_t elements)>;

dense identity(std::size_t n);
dense multiply(const dense& a, const dense& b);
dense transposed(const dense& a);
/// By elimination with partial pivots.
double determinant(dense a);
std::size_t rank_of(dense a);
/// False when singular.
bool invert(dense a, dense& out, const work_meter& work);
/// Moore-Penrose, from the eigenvectors of the smaller of A'A and AA'.
dense pseudo_inverse(const dense& a, const work_meter& work);
/// Real eigenvalues, largest first by absolute value, and eigenvectors in columns. Symmetric matrices by Jacobi
/// rotations; others by QR steps, where complex pairs give their real part.
std::vector<double> eigen(const dense& a, dense& vectors, const work_meter& work);

} // namespace tt::pine
